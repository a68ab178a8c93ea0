#include "plugin/hierarchy/state_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "crypto/record.h"
#include "plugin/hierarchy/framed_file.h"
#include "plugin/hierarchy/journal.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

std::string Golden(const std::string& name) {
  std::ifstream file(testing::SourcePath(absl::StrCat("tests/testdata/golden/", name)), std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

PersistentState GoldenState() { return DecodeState(Golden("state_v2.bin")).value(); }

TimeMark Mark(int64_t wall, const std::string& boot_id, int64_t boot_time, int64_t node_time) {
  return {absl::FromUnixMillis(wall), boot_id, absl::Milliseconds(boot_time),
          absl::FromUnixMillis(node_time)};
}

const RemoteKeyName kVault{2, {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17}};
const RemoteKeyName kAws{4, {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27}};

// A good frame around any body.
std::string Framed(const std::string& body) { return FrameFile("SGNTSTAT", 2, body); }
std::string Section(uint16_t id, const std::string& bytes) {
  std::string section = {static_cast<char>(id >> 8),           static_cast<char>(id & 0xFF),          0, 0,
                         static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size() & 0xFF)};
  return section + bytes;
}

TEST(StateFormatTest, ReadsTheGoldenFile) {
  ASSERT_OK_AND_ASSIGN(const PersistentState state, DecodeState(Golden("state_v2.bin")));
  ASSERT_THAT(state.history.entries(), SizeIs(2));
  const AnnouncedKey& first = state.history.entries().front();
  EXPECT_EQ(first.key_id, "aws-v0123456789abcdef-0011223344556677");
  EXPECT_EQ(first.number, std::nullopt);
  const AnnouncedKey& newest = state.history.newest();
  EXPECT_EQ(newest.key_id, "vault-v3-8f3a1c0d9e7b2a44");
  EXPECT_EQ(newest.first_announced, absl::FromUnixMillis(1700000000123));
  EXPECT_EQ(newest.provider_type, 2);
  EXPECT_EQ(newest.fingerprint, (crypto::Fingerprint{0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17}));
  EXPECT_EQ(newest.generation, 0u);
  EXPECT_EQ(newest.number, 3u);
  ASSERT_TRUE(state.record.has_value());
  EXPECT_EQ(crypto::ParseRecord(state.record->record).value().key_id, newest.key_id);
  EXPECT_EQ(state.record->version, (kms::RemoteVersion{"3", "2023-11-14T22:13:20Z", 3}));
  EXPECT_EQ(state.record->reserved_uses, 65536u);
  EXPECT_EQ(state.record->created, Mark(1700000000123, "boot-1", 2000000, 1700000000456));
  EXPECT_THAT(state.record->wrap_set, ElementsAre(kVault, kAws));
  EXPECT_EQ(state.last_write, Mark(1700000005000, "boot-1", 2004877, 1700000005333));
  EXPECT_EQ(state.last_remote_success, Mark(1700000004000, "boot-1", 2003877, 1700000004333));
  EXPECT_THAT(state.accepted, ElementsAre(AcceptedGeneration{kVault, 3}));
  EXPECT_THAT(state.known_providers,
              ElementsAre(KnownProvider{kVault, Mark(1690000000000, "boot-0", 1000, 1690000000000)},
                          KnownProvider{kAws, Mark(1700000003000, "boot-1", 2002877, 1700000003333)}));
  EXPECT_EQ(state.plan, (ConfiguredPlan{{0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37},
                                        Mark(1700000003000, "boot-1", 2002877, 1700000003333)}));
  EXPECT_EQ(state.passed_active_from, absl::FromUnixMillis(1699999999000));
}

TEST(StateFormatTest, ReadsTheGoldenFileOfFormatOne) {
  ASSERT_OK_AND_ASSIGN(const PersistentState state, DecodeState(Golden("state_v1.bin")));
  EXPECT_EQ(state.history, GoldenState().history);
  ASSERT_TRUE(state.record.has_value());
  EXPECT_EQ(state.record->record, GoldenState().record->record);
  EXPECT_EQ(state.record->version, GoldenState().record->version);
  EXPECT_EQ(state.record->created, Mark(1700000000123, "boot-1", 2000000, 1700000000123));
  // Format 1 had no wrap-set: the record's own entries are it.
  ASSERT_THAT(state.record->wrap_set, SizeIs(1));
  EXPECT_EQ(state.record->wrap_set[0].fingerprint, state.history.newest().fingerprint);
  EXPECT_EQ(state.last_write, Mark(1700000005000, "", 0, 1700000005000));
  EXPECT_EQ(state.last_remote_success, Mark(1700000004000, "boot-1", 2003877, 1700000004000));
  EXPECT_THAT(state.unknown_sections, ElementsAre(UnknownSection{0x8001, "from the future"}));
}

TEST(StateFormatTest, WritesTheGoldenFileAgainByteForByte) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, EncodeState(GoldenState()));
  EXPECT_EQ(bytes, Golden("state_v2.bin"));
}

TEST(StateFormatTest, CarriesAlongWhatItDoesNotKnow) {
  EXPECT_THAT(GoldenState().unknown_sections, ElementsAre(UnknownSection{0x8001, "from the future"}));
}

TEST(StateFormatTest, AnEmptyStateSurvives) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, EncodeState(PersistentState()));
  ASSERT_OK_AND_ASSIGN(const PersistentState state, DecodeState(bytes));
  EXPECT_EQ(state, PersistentState());
}

TEST(StateFormatTest, AFullHistoryFitsTheFile) {
  PersistentState state = GoldenState();
  AnnouncedKey key = state.history.newest();
  std::vector<AnnouncedKey> entries;
  for (size_t i = 0; i < KeyHistory::kMaxEntries; ++i) {
    key.key_id = absl::StrCat(std::string(56, 'k'), 10000000 + i);
    entries.push_back(key);
  }
  state.history = KeyHistory(entries);
  state.record->record.assign(crypto::kMaxRecordBytesWritten, 'r');
  ASSERT_OK_AND_ASSIGN(const std::string bytes, EncodeState(state));
  ASSERT_OK_AND_ASSIGN(const PersistentState again, DecodeState(bytes));
  EXPECT_EQ(again, state);
}

TEST(StateFormatTest, EveryTruncationIsSeen) {
  const std::string golden = Golden("state_v2.bin");
  for (size_t size = 0; size < golden.size(); ++size) {
    EXPECT_THAT(DecodeState(golden.substr(0, size)), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
}

TEST(StateFormatTest, EveryFlippedBitIsSeen) {
  const std::string golden = Golden("state_v2.bin");
  for (size_t bit = 0; bit < golden.size() * 8; ++bit) {
    std::string flipped = golden;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(DecodeState(flipped), StatusIs(absl::StatusCode::kDataLoss)) << bit;
  }
}

TEST(StateFormatTest, RefusesTrailingBytes) {
  EXPECT_THAT(DecodeState(Golden("state_v1.bin") + '\0'), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StateFormatTest, TellsANewerFormatFromATornFile) {
  EXPECT_THAT(DecodeState(FrameFile("SGNTSTAT", 3, "anything")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(StateFormatTest, RefusesAnotherKindOfFile) {
  EXPECT_THAT(DecodeState(Golden("journal_v1.bin")), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StateFormatTest, RefusesSectionsOutOfOrderOrTwice) {
  const std::string history = Section(1, std::string(4, '\0'));
  const std::string clock = Section(3, std::string(26, '\0'));
  EXPECT_THAT(DecodeState(Framed(history + clock)), IsOk());
  EXPECT_THAT(DecodeState(Framed(clock + history)), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(DecodeState(Framed(history + history)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StateFormatTest, RefusesBytesBehindASectionsContent) {
  EXPECT_THAT(DecodeState(Framed(Section(1, std::string(5, '\0')))), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StateFormatTest, RefusesMoreKeyIdsThanItKeepsWithoutReadingThem) {
  EXPECT_THAT(DecodeState(Framed(Section(1, std::string("\x00\x00\x10\x01", 4)))),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(StateFormatTest, WritesNoFieldOutOfItsBounds) {
  PersistentState state = GoldenState();
  state.record->record.assign(crypto::kMaxRecordBytesWritten + 1, 'r');
  EXPECT_THAT(EncodeState(state), StatusIs(absl::StatusCode::kInvalidArgument));
  state = GoldenState();
  state.record->created.boot_id = "";
  EXPECT_THAT(EncodeState(state), StatusIs(absl::StatusCode::kInvalidArgument));
  state = GoldenState();
  state.history.Append(AnnouncedKey{std::string(65, 'k'), absl::UnixEpoch(), 1, {}, 0, std::nullopt});
  EXPECT_THAT(EncodeState(state), StatusIs(absl::StatusCode::kInvalidArgument));
  state = GoldenState();
  state.record->wrap_set.resize(crypto::kMaxRecordEntries + 1);
  EXPECT_THAT(EncodeState(state), StatusIs(absl::StatusCode::kInvalidArgument));
  state = GoldenState();
  state.accepted.resize(PersistentState::kMaxListed + 1);
  EXPECT_THAT(EncodeState(state), StatusIs(absl::StatusCode::kInvalidArgument));
  state = GoldenState();
  state.unknown_sections.front().bytes.assign(kMaxStateBytes, 'u');
  EXPECT_THAT(EncodeState(state), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JournalFormatTest, ReadsAndWritesTheGoldenFile) {
  const std::string golden = Golden("journal_v1.bin");
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> records, DecodeJournal(golden));
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(crypto::ParseRecord(records[1]).value().key_id, "vault-v3-8f3a1c0d9e7b2a44");
  EXPECT_EQ(EncodeJournal(records), golden);
}

TEST(JournalFormatTest, EveryTruncationIsSeen) {
  const std::string golden = Golden("journal_v1.bin");
  for (size_t size = 0; size < golden.size(); ++size) {
    EXPECT_THAT(DecodeJournal(golden.substr(0, size)), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
}

TEST(JournalFormatTest, RefusesWhatIsNoRecord) {
  EXPECT_THAT(DecodeJournal(EncodeJournal({"no record"})), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(JournalFormatTest, TellsANewerFormat) {
  EXPECT_THAT(DecodeJournal(FrameFile("SGNTJRNL", 2, "")), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace signet

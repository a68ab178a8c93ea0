#include "crypto/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

RecordEntry Entry(uint8_t type, const std::string& field, const std::string& blob) {
  RecordEntry entry;
  entry.provider_type = type;
  entry.fingerprint = {1, 2, 3, 4, 5, 6, 7, type};
  entry.backend_field = field;
  entry.blob = blob;
  return entry;
}

Record TwoEntries() {
  Record record;
  record.key_id = "vault-v3-8f3a1c0d9e7b2a44";
  record.created_unix_seconds = 0x0102030405060708;
  record.entries = {Entry(2, "", "blob of vault"), Entry(99, "field", "")};
  return record;
}

std::string Finish(const Record& record) {
  const absl::StatusOr<std::string> bytes = EncodeRecordWithoutMac(record);
  EXPECT_THAT(bytes, IsOk());
  return bytes.value_or("") + "0123456789abcdef";
}

TEST(RecordTest, HasTheDocumentedBytes) {
  Record record;
  record.key_id = "k1";
  record.created_unix_seconds = 0x65;
  record.entries = {Entry(1, "FF", "BLOB")};
  ASSERT_OK_AND_ASSIGN(const std::string bytes, EncodeRecordWithoutMac(record));
  EXPECT_EQ(absl::BytesToHexString(bytes),
            "01"                // format
            "026b31"            // key_id
            "0000000000000065"  // created
            "01"                // entries
            "01"                // provider type
            "0102030405060701"  // fingerprint
            "024646"            // backend field
            "0004424c4f42");    // blob
}

TEST(RecordTest, ReadsBackWhatItWrote) {
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(Finish(TwoEntries())));
  EXPECT_EQ(record.key_id, TwoEntries().key_id);
  EXPECT_EQ(record.created_unix_seconds, TwoEntries().created_unix_seconds);
  EXPECT_EQ(record.entries, TwoEntries().entries);
  EXPECT_EQ(std::string(record.mac.begin(), record.mac.end()), "0123456789abcdef");
}

TEST(RecordTest, KeepsEntriesOfUnknownProviders) {
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(Finish(TwoEntries())));
  EXPECT_EQ(record.entries[1].provider_type, 99);
}

TEST(RecordTest, RefusesEveryTruncation) {
  const std::string bytes = Finish(TwoEntries());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseRecord(bytes.substr(0, size)), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
}

TEST(RecordTest, RefusesTrailingBytes) {
  EXPECT_THAT(ParseRecord(Finish(TwoEntries()) + '\0'),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("trailing")));
}

TEST(RecordTest, RefusesOtherFormats) {
  std::string bytes = Finish(TwoEntries());
  for (const int format : {0, 2, 255}) {
    bytes[0] = static_cast<char>(format);
    EXPECT_THAT(ParseRecord(bytes),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown format")));
  }
}

TEST(RecordTest, RefusesAnEmptyKeyIdAsRead) {
  const std::string bytes = Finish(TwoEntries());
  const std::string without = bytes.substr(0, 1) + '\0' + bytes.substr(2 + TwoEntries().key_id.size());
  EXPECT_THAT(ParseRecord(without), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key_id")));
}

TEST(RecordTest, ReadsAKeyIdOfUpTo255Bytes) {
  const std::string bytes = Finish(TwoEntries());
  const std::string key_id(255, 'k');
  const std::string with =
      bytes.substr(0, 1) + '\xFF' + key_id + bytes.substr(2 + TwoEntries().key_id.size());
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(with));
  EXPECT_EQ(record.key_id, key_id);
}

TEST(RecordTest, RefusesNoEntriesAndMoreThanFourAsRead) {
  std::string bytes = Finish(TwoEntries());
  const size_t count = 1 + 1 + TwoEntries().key_id.size() + 8;
  for (const int entries : {0, 5, 255}) {
    bytes[count] = static_cast<char>(entries);
    EXPECT_THAT(ParseRecord(bytes), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 to 4")));
  }
}

TEST(RecordTest, RefusesALengthThatPointsPastTheEnd) {
  std::string bytes = Finish(TwoEntries());
  const size_t blob_length = 1 + 1 + TwoEntries().key_id.size() + 8 + 1 + 1 + 8 + 1;
  bytes[blob_length] = '\xFF';
  EXPECT_THAT(ParseRecord(bytes), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("truncated")));
}

// A record as long as may be read: 1 + 1 + 1 + 8 + 1 + 1 + 8 + 1 + 2 + blob + 16 bytes.
std::string RecordWithBlobOf(size_t size) {
  return absl::StrCat(absl::string_view("\1\1k\0\0\0\0\0\0\0\0\1\2", 13), "fingerpr",
                      absl::string_view("\0", 1),
                      std::string{static_cast<char>(size >> 8), static_cast<char>(size & 0xFF)},
                      std::string(size, 'b'), std::string(16, 'm'));
}

TEST(RecordTest, ReadsUpToTheLimitOfReading) {
  constexpr size_t kOverhead = 40;
  ASSERT_EQ(RecordWithBlobOf(0).size(), kOverhead);
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(RecordWithBlobOf(kMaxRecordBytesRead - kOverhead)));
  EXPECT_EQ(record.entries[0].blob.size(), kMaxRecordBytesRead - kOverhead);
  EXPECT_THAT(ParseRecord(RecordWithBlobOf(kMaxRecordBytesRead - kOverhead + 1)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST(RecordTest, WritesUpToTheLimitOfWriting) {
  Record record = TwoEntries();
  const size_t overhead = Finish(record).size() - record.entries[0].blob.size();
  record.entries[0].blob = std::string(kMaxRecordBytesWritten - overhead, 'b');
  EXPECT_EQ(Finish(record).size(), kMaxRecordBytesWritten);
  record.entries[0].blob += 'b';
  EXPECT_THAT(EncodeRecordWithoutMac(record),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST(RecordTest, DoesNotWriteWhatItWouldNotRead) {
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument);
  Record record = TwoEntries();
  record.key_id = "";
  EXPECT_THAT(EncodeRecordWithoutMac(record), refused);
  record.key_id = std::string(kMaxKeyIdBytes, 'k');
  EXPECT_THAT(EncodeRecordWithoutMac(record), IsOk());
  record.key_id += 'k';
  EXPECT_THAT(EncodeRecordWithoutMac(record), refused);

  record = TwoEntries();
  record.entries.clear();
  EXPECT_THAT(EncodeRecordWithoutMac(record), refused);
  record.entries.resize(kMaxRecordEntries);
  EXPECT_THAT(EncodeRecordWithoutMac(record), IsOk());
  record.entries.resize(kMaxRecordEntries + 1);
  EXPECT_THAT(EncodeRecordWithoutMac(record), refused);

  record = TwoEntries();
  record.entries[0].backend_field = std::string(255, 'f');
  EXPECT_THAT(EncodeRecordWithoutMac(record), IsOk());
  record.entries[0].backend_field += 'f';
  EXPECT_THAT(EncodeRecordWithoutMac(record), refused);
  record.entries[0].backend_field = "";
  record.entries[0].blob = std::string(0x10000, 'b');
  EXPECT_THAT(EncodeRecordWithoutMac(record), refused);
}

TEST(LocalKekIdTest, IsTheStartOfTheHashOfTheRecord) {
  const LocalKekId id = ComputeLocalKekId("abc");
  EXPECT_EQ(absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(id.data()), id.size())),
            "ba7816bf8f01cfea414140de5dae2223");
}

}  // namespace
}  // namespace signet::crypto

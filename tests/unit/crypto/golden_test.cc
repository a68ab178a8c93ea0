// The stored formats, byte for byte: every file of tests/testdata/golden is made again from the inputs that
// its README lists, and read. The files were computed with another implementation; they never change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "crypto/aes_gcm.h"
#include "crypto/envelope.h"
#include "crypto/local_kek.h"
#include "crypto/record.h"
#include "tests/testing/counting_random.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::CountingRandom;
using ::signet::testing::IsOk;
using ::testing::HasSubstr;

constexpr absl::string_view kKeyId = "local-v1-8f3a1c0d9e7b2a44";
constexpr absl::string_view kClusterId = "golden-cluster";

std::string ReadGolden(absl::string_view name) {
  std::ifstream file(testing::SourcePath(absl::StrCat("tests/testdata/golden/", name)));
  EXPECT_TRUE(file.is_open()) << name;
  std::string hex((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{"\n", ""}}));
}

// `size` bytes that count up from `first`.
std::string Counting(uint8_t first, size_t size) {
  std::string bytes;
  while (bytes.size() < size) bytes.push_back(static_cast<char>(first++));
  return bytes;
}

absl::Span<const uint8_t> Bytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::unique_ptr<const LocalKek> MakeKek() {
  CountingRandom random(0x00);
  const absl::StatusOr<SecretBytes> kek = GenerateLocalKek(random);
  EXPECT_THAT(kek, IsOk());
  EXPECT_EQ(kek->ExposeAsString(), ReadGolden("local_kek.hex"));
  absl::StatusOr<std::unique_ptr<const LocalKek>> derived = LocalKek::Derive(*kek);
  EXPECT_THAT(derived, IsOk());
  return *std::move(derived);
}

// The blob of the local provider: nonce, the local KEK under the version's key, tag.
std::string MakeLocalBlob() {
  const std::string nonce = Counting(0x20, kGcmNonceBytes);
  const std::string aad =
      absl::StrCat("signet/v1/local", absl::string_view("\0", 1), Counting(0xA0, 16), Counting(0xB0, 8),
                   R"({"cluster_id":"golden-cluster",)", R"("purpose":"signet-local-kek"})");
  std::vector<uint8_t> sealed(kLocalKekBytes + kGcmTagBytes);
  EXPECT_THAT(AesGcmSeal(Bytes(ReadGolden("keyring_version_key.hex")), Bytes(nonce), Bytes(aad),
                         Bytes(ReadGolden("local_kek.hex")), absl::MakeSpan(sealed)),
              IsOk());
  return nonce + std::string(sealed.begin(), sealed.end());
}

RecordEntry MakeEntry(uint8_t type, uint8_t fingerprint, const std::string& field, const std::string& blob) {
  RecordEntry entry;
  entry.provider_type = type;
  for (uint8_t& byte : entry.fingerprint) byte = fingerprint++;
  entry.backend_field = field;
  entry.blob = blob;
  return entry;
}

Record MakeRecord() {
  Record record;
  record.key_id = std::string(kKeyId);
  record.created_unix_seconds = 1700000000;
  record.entries = {MakeEntry(1, 0xF0, Counting(0xB0, 8), MakeLocalBlob())};
  return record;
}

Record MakeRecordOfFour() {
  Record record = MakeRecord();
  record.entries.push_back(MakeEntry(2, 0x10, "", "vault:v3:" + std::string(80, 'A')));
  record.entries.push_back(MakeEntry(3, 0x18, "version-of-alibaba", "opaque text"));
  record.entries.push_back(MakeEntry(200, 0x28, "", ""));
  return record;
}

TEST(GoldenTest, RecordIsMadeAgain) {
  EXPECT_EQ(MakeKek()->FinishRecord(MakeRecord(), kClusterId).value_or("?"), ReadGolden("record.hex"));
}

TEST(GoldenTest, RecordIsRead) {
  const std::string bytes = ReadGolden("record.hex");
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(bytes));
  EXPECT_EQ(record.key_id, kKeyId);
  EXPECT_EQ(record.created_unix_seconds, 1700000000u);
  EXPECT_EQ(record.entries, MakeRecord().entries);
  EXPECT_THAT(MakeKek()->VerifyRecord(bytes, kClusterId), IsOk());
}

TEST(GoldenTest, RecordOfFourEntriesIsMadeAgain) {
  EXPECT_EQ(MakeKek()->FinishRecord(MakeRecordOfFour(), kClusterId).value_or("?"),
            ReadGolden("record_four_entries.hex"));
}

TEST(GoldenTest, RecordOfFourEntriesIsRead) {
  const std::string bytes = ReadGolden("record_four_entries.hex");
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(bytes));
  EXPECT_EQ(record.entries, MakeRecordOfFour().entries);
  EXPECT_THAT(MakeKek()->VerifyRecord(bytes, kClusterId), IsOk());
}

TEST(GoldenTest, EnvelopeIsMadeAgain) {
  CountingRandom random(0x40);
  EXPECT_EQ(SealEnvelope(*MakeKek(), ComputeLocalKekId(ReadGolden("record.hex")), kKeyId,
                         ReadGolden("seed.hex"), random)
                .value_or("?"),
            ReadGolden("envelope.hex"));
}

TEST(GoldenTest, EnvelopeIsRead) {
  const std::string bytes = ReadGolden("envelope.hex");
  ASSERT_OK_AND_ASSIGN(const EnvelopeView view, ParseEnvelope(bytes));
  EXPECT_EQ(view.local_kek_id, ComputeLocalKekId(ReadGolden("record.hex")));
  ASSERT_OK_AND_ASSIGN(const SensitiveString opened, OpenEnvelope(*MakeKek(), kKeyId, view));
  EXPECT_EQ(opened.Expose(), ReadGolden("seed.hex"));
}

// recover_by_hand_test.sh opens this one; here only that it holds the same bytes.
TEST(GoldenTest, EtcdValueHoldsTheEnvelopeAndTheRecord) {
  const std::string value = ReadGolden("etcd_value.hex");
  EXPECT_THAT(value, HasSubstr(ReadGolden("envelope.hex")));
  EXPECT_THAT(value, HasSubstr(ReadGolden("record.hex")));
  EXPECT_THAT(value, HasSubstr(std::string(kKeyId)));
}

// What ENVELOPE_FORMAT.md publishes for the local provider and a 32-byte seed.
TEST(GoldenTest, AnObjectOfTheLocalProviderCosts316Bytes) {
  EXPECT_EQ(ReadGolden("envelope.hex").size() + kKeyId.size() + kRecordAnnotation.size() +
                ReadGolden("record.hex").size(),
            316u);
}

}  // namespace
}  // namespace signet::crypto

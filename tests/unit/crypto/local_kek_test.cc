#include "crypto/local_kek.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "crypto/digest.h"
#include "crypto/secure_heap.h"
#include "tests/testing/counting_random.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::CountingRandom;
using ::signet::testing::FailingRandom;
using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;

// The local KEK 00 01 02 … from `first` on.
std::unique_ptr<const LocalKek> MakeKek(uint8_t first = 0) {
  CountingRandom random(first);
  const absl::StatusOr<SecretBytes> kek = GenerateLocalKek(random);
  EXPECT_THAT(kek, IsOk());
  absl::StatusOr<std::unique_ptr<const LocalKek>> derived = LocalKek::Derive(*kek);
  EXPECT_THAT(derived, IsOk());
  return *std::move(derived);
}

Record MakeRecord() {
  Record record;
  record.key_id = "k1";
  record.created_unix_seconds = 0x65;
  record.entries.resize(1);
  record.entries[0].provider_type = 1;
  record.entries[0].fingerprint = {1, 2, 3, 4, 5, 6, 7, 1};
  record.entries[0].backend_field = "FF";
  record.entries[0].blob = "BLOB";
  return record;
}

std::string Finish(const LocalKek& kek, absl::string_view cluster_id = "prod") {
  const absl::StatusOr<std::string> bytes = kek.FinishRecord(MakeRecord(), cluster_id);
  EXPECT_THAT(bytes, IsOk());
  return bytes.value_or("");
}

TEST(LocalKekTest, DerivesTheDocumentedWrapKey) {
  // HKDF-SHA256 with an empty salt and info signet/v1/wrap, computed with another implementation.
  EXPECT_EQ(absl::BytesToHexString(MakeKek()->wrap_key().ExposeAsString()),
            "6550161d8c73f718159d98fa0ef1b4c4a02a6a7e0c0454b9d7ca8eca4d771eb7");
}

TEST(LocalKekTest, KeepsItsKeysInTheSecureHeap) {
  EXPECT_EQ(CRYPTO_secure_allocated(MakeKek()->wrap_key().Expose().data()), 1);
}

TEST(LocalKekTest, GivesItsSecureMemoryBack) {
  const size_t before = SecureHeapBytesInUse();
  MakeKek();
  EXPECT_EQ(SecureHeapBytesInUse(), before);
}

TEST(LocalKekTest, RefusesAKekThatIsNot32Bytes) {
  for (const size_t size : {0u, 16u, 31u, 33u}) {
    ASSERT_OK_AND_ASSIGN(const SecretBytes kek, SecretBytes::Create(size));
    EXPECT_THAT(LocalKek::Derive(kek), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
}

TEST(LocalKekTest, FinishesARecordWithTheDocumentedMac) {
  // The body's bytes are those of RecordTest.HasTheDocumentedBytes; the MAC is computed with another
  // implementation under HKDF info signet/v1/record.
  EXPECT_EQ(absl::BytesToHexString(Finish(*MakeKek())),
            "01026b31000000000000006501010102030405060701024646"
            "0004424c4f42"
            "3a0790c89fad2c6d9f030c95a2e00033");
}

TEST(LocalKekTest, VerifiesWhatItFinished) {
  const auto kek = MakeKek();
  EXPECT_THAT(kek->VerifyRecord(Finish(*kek), "prod"), IsOk());
}

TEST(LocalKekTest, RefusesEveryFlippedBitOfARecord) {
  const auto kek = MakeKek();
  const std::string record = Finish(*kek);
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(kek->VerifyRecord(flipped, "prod"), StatusIs(absl::StatusCode::kDataLoss)) << bit;
  }
}

TEST(LocalKekTest, RefusesEveryTruncationOfARecord) {
  const auto kek = MakeKek();
  const std::string record = Finish(*kek);
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_THAT(
        kek->VerifyRecord(record.substr(0, size), "prod"),
        StatusIs(size < kRecordMacBytes ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kDataLoss))
        << size;
  }
}

TEST(LocalKekTest, RefusesARecordOfAnotherCluster) {
  const auto kek = MakeKek();
  const std::string record = Finish(*kek, "prod");
  for (const absl::string_view other : {"prod2", "pro", "Prod", "d"}) {
    EXPECT_THAT(kek->VerifyRecord(record, other), StatusIs(absl::StatusCode::kDataLoss)) << other;
  }
}

TEST(LocalKekTest, RefusesARecordOfAnotherKek) {
  EXPECT_THAT(MakeKek(1)->VerifyRecord(Finish(*MakeKek(0)), "prod"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(LocalKekTest, RefusesAClusterIdOutOfBounds) {
  const auto kek = MakeKek();
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(kek->FinishRecord(MakeRecord(), ""), refused);
  EXPECT_THAT(kek->FinishRecord(MakeRecord(), std::string(65, 'c')), refused);
  EXPECT_THAT(kek->FinishRecord(MakeRecord(), std::string(64, 'c')), IsOk());
  EXPECT_THAT(kek->VerifyRecord(Finish(*kek), ""), refused);
  EXPECT_THAT(kek->VerifyRecord(Finish(*kek), std::string(65, 'c')), refused);
}

TEST(LocalKekTest, DoesNotFinishARecordThatCannotBeEncoded) {
  Record record = MakeRecord();
  record.entries.clear();
  EXPECT_THAT(MakeKek()->FinishRecord(record, "prod"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(GenerateLocalKekTest, AsksForAll32BytesAtOnce) {
  CountingRandom random;
  ASSERT_OK_AND_ASSIGN(const SecretBytes kek, GenerateLocalKek(random));
  EXPECT_EQ(absl::BytesToHexString(kek.ExposeAsString()),
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  EXPECT_EQ(random.requests(), 1u);
}

TEST(GenerateLocalKekTest, FailsWithoutRandomness) {
  FailingRandom random;
  EXPECT_THAT(GenerateLocalKek(random), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet::crypto

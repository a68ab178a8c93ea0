// What Decrypt accepts, and what it says to everything else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/envelope.h"
#include "crypto/secure_heap.h"
#include "plugin/hierarchy/health_board.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/plugin/hierarchy/lying_kms_client.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using ::testing::Not;
using testing::PollUntil;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

class DecryptTest : public ::testing::Test {
 protected:
  HierarchyHarness harness_;
};

TEST_F(DecryptTest, ATupleOfAnotherReplicaOpensWithOneUnwrapAndThenWithNone) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  const size_t before = harness_.unwraps();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness_.Decrypt(stored));
    EXPECT_EQ(plaintext, "secret");
  }
  EXPECT_EQ(harness_.unwraps(), before + 1);
}

TEST_F(DecryptTest, WorksBeforeThereIsAnActiveKey) {
  harness_.client->FailNext(Operation::kDescribe, 1000, absl::UnavailableError("away"));
  ASSERT_THAT(harness_.Create(), IsOk());
  harness_.hierarchy->Start();
  const Stored stored = harness_.ForeignTuple("secret");
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness_.Decrypt(stored));
  EXPECT_EQ(plaintext, "secret");
  EXPECT_EQ(harness_.hierarchy->Snapshot(), nullptr);
}

TEST_F(DecryptTest, TheUidReachesTheKms) {
  harness_.Start();
  ASSERT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
  EXPECT_EQ(harness_.client->uids().back(), "uid-1");
}

TEST_F(DecryptTest, MalformedCiphertextIsInvalid) {
  harness_.Start();
  Stored stored = harness_.Encrypt("secret");
  for (const std::string& ciphertext : {std::string(), std::string("x"), stored.ciphertext.substr(0, 108),
                                        std::string(108 + 65537, '\xE5')}) {
    Stored changed = stored;
    changed.ciphertext = ciphertext;
    EXPECT_THAT(harness_.Decrypt(changed), StatusIs(absl::StatusCode::kInvalidArgument)) << ciphertext.size();
  }
}

TEST_F(DecryptTest, EveryFlippedBitOfACiphertextIsAnError) {
  harness_.Start();
  const Stored stored = harness_.Encrypt("secret");
  for (size_t bit = 0; bit < stored.ciphertext.size() * 8; ++bit) {
    Stored changed = stored;
    changed.ciphertext[bit / 8] = static_cast<char>(changed.ciphertext[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(harness_.Decrypt(changed).ok()) << bit;
  }
}

TEST_F(DecryptTest, EveryFlippedBitOfARecordIsInvalidThoughItsKeyIsCached) {
  harness_.Start();
  const Stored stored = harness_.Encrypt("secret");
  for (size_t bit = 0; bit < stored.record.size() * 8; ++bit) {
    Stored changed = stored;
    changed.record[bit / 8] = static_cast<char>(changed.record[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(harness_.Decrypt(changed), StatusIs(absl::StatusCode::kInvalidArgument)) << bit;
  }
}

TEST_F(DecryptTest, ARecordThatIsMissingOrAnothersIsInvalid) {
  harness_.Start();
  Stored stored = harness_.Encrypt("secret");
  const Stored other = harness_.ForeignTuple();
  Stored changed = stored;
  changed.record = "";
  EXPECT_THAT(harness_.Decrypt(changed), StatusIs(absl::StatusCode::kInvalidArgument));
  changed.record = other.record;
  EXPECT_THAT(harness_.Decrypt(changed), StatusIs(absl::StatusCode::kInvalidArgument));
  changed.record = std::string(crypto::kMaxRecordBytesRead + 1, 'r');
  EXPECT_THAT(harness_.Decrypt(changed), StatusIs(absl::StatusCode::kInvalidArgument));
}

// A ciphertext whose header names whatever record one likes, as anyone who writes to etcd can make it.
Stored WithRecord(Stored stored, const std::string& record) {
  stored.record = record;
  const crypto::LocalKekId id = crypto::ComputeLocalKekId(record);
  std::copy(id.begin(), id.end(), stored.ciphertext.begin() + 4);
  return stored;
}

TEST_F(DecryptTest, ARecordThatDoesNotParseIsInvalidWithoutARemoteCall) {
  harness_.Start();
  const Stored stored = harness_.Encrypt("secret");
  const size_t before = harness_.unwraps();
  for (const std::string& record : {std::string("garbage"), stored.record + "x", stored.record.substr(1)}) {
    EXPECT_THAT(harness_.Decrypt(WithRecord(stored, record)), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(harness_.unwraps(), before);
}

TEST_F(DecryptTest, AnotherValidKeyIdIsRefusedOnHitAndOnMiss) {
  harness_.Start();
  const Stored own = harness_.Encrypt("secret");
  Stored foreign = harness_.ForeignTuple("other");
  const std::string foreign_key_id = foreign.key_id;
  foreign.key_id = own.key_id;
  const size_t before = harness_.unwraps();
  EXPECT_THAT(harness_.Decrypt(foreign), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("key_id")));
  EXPECT_EQ(harness_.unwraps(), before) << "a wrong key_id must not cost a remote call";
  foreign.key_id = foreign_key_id;
  ASSERT_THAT(harness_.Decrypt(foreign), IsOk());
  foreign.key_id = own.key_id;
  EXPECT_THAT(harness_.Decrypt(foreign), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("key_id")));
  Stored swapped = own;
  swapped.key_id = foreign_key_id;
  EXPECT_THAT(harness_.Decrypt(swapped), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("key_id")));
}

TEST_F(DecryptTest, ARecordWithAChangedKeyIdFailsItsMac) {
  harness_.Start();
  Stored stored = harness_.ForeignTuple("secret");
  std::string record = stored.record;
  record[2] = 'V';  // the first byte of its key_id
  stored.key_id[0] = 'V';
  EXPECT_THAT(harness_.Decrypt(WithRecord(stored, record)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DecryptTest, ACiphertextUnderAnotherRecordOfOursDoesNotOpen) {
  harness_.Start();
  const Stored own = harness_.Encrypt("secret");
  const Stored foreign = harness_.ForeignTuple("other");
  Stored mixed = WithRecord(own, foreign.record);
  mixed.key_id = foreign.key_id;
  EXPECT_THAT(harness_.Decrypt(mixed), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DecryptTest, AWrongMacIsDataLossAndNothingIsCached) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  std::string record = stored.record;
  record.back() = static_cast<char>(record.back() ^ 1);
  const Stored forged = WithRecord(stored, record);
  const size_t cached = harness_.hierarchy->State().cached_local_keks;
  const size_t journal = harness_.hierarchy->State().journal_records;
  EXPECT_THAT(harness_.Decrypt(forged), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, cached);
  EXPECT_EQ(harness_.hierarchy->State().journal_records, journal);
}

TEST_F(DecryptTest, AFinalRefusalIsRememberedForThirtySeconds) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  std::string record = stored.record;
  record.back() = static_cast<char>(record.back() ^ 1);
  const Stored forged = WithRecord(stored, record);
  const size_t before = harness_.unwraps();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(harness_.Decrypt(forged), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(harness_.unwraps(), before + 1);
  EXPECT_EQ(harness_.observer.count(HierarchyObserver::CacheEvent::kNegativeHit), 4u);
  harness_.clock.Advance(absl::Seconds(31));
  EXPECT_THAT(harness_.Decrypt(forged), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(harness_.unwraps(), before + 2);
}

TEST_F(DecryptTest, AnUnreachableKmsIsNotRemembered) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  harness_.client->FailNext(Operation::kUnwrap, 1, absl::UnavailableError("away"));
  EXPECT_THAT(harness_.Decrypt(stored), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(harness_.Decrypt(stored), IsOk());
}

TEST_F(DecryptTest, ARecordOfAnotherClusterDoesNotOpen) {
  harness_.Start();
  EXPECT_THAT(harness_.Decrypt(harness_.ForeignTuple("secret", "cluster-2")),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DecryptTest, ARecordOfAPreviousClusterOpens) {
  harness_.options.previous_cluster_ids = {"cluster-0", "cluster-2"};
  harness_.Start();
  ASSERT_OK_AND_ASSIGN(const std::string plaintext,
                       harness_.Decrypt(harness_.ForeignTuple("secret", "cluster-2")));
  EXPECT_EQ(plaintext, "secret");
  EXPECT_THAT(harness_.Decrypt(harness_.ForeignTuple("secret", "cluster-3")),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DecryptTest, ARecordOfAnUnconfiguredProviderIsNotFoundWithoutARemoteCall) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  std::string record = stored.record;
  const size_t entry = 1 + 1 + stored.key_id.size() + 8 + 1;
  record[entry] = static_cast<char>(crypto::ProviderType::kAws);
  const size_t before = harness_.unwraps();
  EXPECT_THAT(harness_.Decrypt(WithRecord(stored, record)), StatusIs(absl::StatusCode::kNotFound));
  record = stored.record;
  record[entry + 1] = static_cast<char>(record[entry + 1] ^ 1);
  EXPECT_THAT(harness_.Decrypt(WithRecord(stored, record)), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(harness_.unwraps(), before);
}

TEST_F(DecryptTest, ARenamedProviderStillOpensItsRecords) {
  harness_.Start();
  const Stored stored = harness_.Encrypt("secret");
  harness_.hierarchy.reset();
  harness_.providers[0].name = "renamed";
  harness_.options.active_provider = "renamed";
  harness_.RestoreDirectory({});
  harness_.Start();
  EXPECT_THAT(harness_.Decrypt(stored), IsOk());
}

TEST_F(DecryptTest, AKeyOfAWrongSizeIsDataLoss) {
  auto liar = std::make_shared<testing::LyingKmsClient>(harness_.client);
  std::atomic<bool> lie{false};
  liar->unwrap_lie = [&lie](kms::UnwrapResult& result) {
    if (lie) result.plaintext = crypto::SecretBytes::CopyOf("sixteen bytes...").value();
  };
  harness_.providers[0].client = liar;
  harness_.Start();
  lie = true;
  EXPECT_THAT(harness_.Decrypt(harness_.ForeignTuple()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DecryptTest, WhatTheKmsSaysKeepsItsCodeButNotItsText) {
  harness_.Start();
  const std::pair<absl::Status, absl::StatusCode> cases[] = {
      {absl::PermissionDeniedError("vault.internal:8200 says no"), absl::StatusCode::kPermissionDenied},
      {absl::FailedPreconditionError("vault.internal:8200 says no"), absl::StatusCode::kFailedPrecondition},
      {absl::NotFoundError("vault.internal:8200 says no"), absl::StatusCode::kNotFound},
      {absl::ResourceExhaustedError("vault.internal:8200 says no"), absl::StatusCode::kResourceExhausted},
      {absl::UnavailableError("vault.internal:8200 says no"), absl::StatusCode::kUnavailable},
      {absl::DeadlineExceededError("vault.internal:8200 says no"), absl::StatusCode::kDeadlineExceeded},
      {absl::InvalidArgumentError("vault.internal:8200 says no"), absl::StatusCode::kDataLoss},
      {absl::UnknownError("vault.internal:8200 says no"), absl::StatusCode::kInternal},
  };
  for (const auto& [said, expected] : cases) {
    harness_.client->FailNext(Operation::kUnwrap, 1, said);
    const auto answer = harness_.Decrypt(harness_.ForeignTuple());
    EXPECT_THAT(answer, StatusIs(expected, Not(HasSubstr("vault.internal")))) << said;
  }
}

TEST_F(DecryptTest, AnEvictedKeyIsWipedAndTheActiveOneNeverIsEvicted) {
  harness_.options.cached_local_keks = 1;
  // Every thread that opens an envelope keeps a slot in the secure heap.
  harness_.options.remote_workers = 1;
  harness_.Start();
  const Stored own = harness_.Encrypt("secret");
  ASSERT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
  const size_t heap = crypto::SecureHeapBytesInUse();
  for (int i = 0; i < 5; ++i) ASSERT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
  // A worker lets go of its own reference after it has answered.
  EXPECT_TRUE(PollUntil([&] { return crypto::SecureHeapBytesInUse() == heap; }));
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 2u);
  const size_t before = harness_.unwraps();
  EXPECT_THAT(harness_.Decrypt(own), IsOk());
  EXPECT_EQ(harness_.unwraps(), before);
}

TEST_F(DecryptTest, TooManyBadRecordsAreNoLongerAskedAboutButGoodOnesStay) {
  harness_.Start();
  const Stored known = harness_.ForeignTuple("known");
  ASSERT_THAT(harness_.Decrypt(known), IsOk());
  const size_t before = harness_.unwraps();
  absl::StatusOr<std::string> last = "";
  for (int i = 0; i < 150; ++i) {
    const Stored stored = harness_.ForeignTuple();
    std::string record = stored.record;
    record.back() = static_cast<char>(record.back() ^ 1);
    last = harness_.Decrypt(WithRecord(stored, record));
  }
  EXPECT_THAT(last, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(harness_.unwraps(), before + 100);
  EXPECT_THAT(harness_.Decrypt(known), IsOk());
  harness_.clock.Advance(absl::Seconds(1));
  EXPECT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk());
}

TEST_F(DecryptTest, AColdStartOfManyGoodRecordsIsNeverThrottled) {
  harness_.Start();
  for (int i = 0; i < 300; ++i) ASSERT_THAT(harness_.Decrypt(harness_.ForeignTuple()), IsOk()) << i;
}

TEST_F(DecryptTest, AnotherEntryIsAskedOnlyWhenTheFirstIsUnreachable) {
  auto other_key = std::make_shared<testing::FakeRemoteKey>("other");
  auto other = std::make_shared<FakeKmsClient>(other_key, harness_.clock);
  harness_.providers.push_back({"standby", other});
  harness_.Start();
  // One record, wrapped by both.
  const auto make = [&] {
    const crypto::SecretBytes kek = crypto::GenerateLocalKek(crypto::SystemRandom()).value();
    crypto::Record record;
    record.key_id = "vault-v1-0011223344556677";
    FakeKmsClient first(harness_.remote, harness_.clock), second(other_key, harness_.clock);
    for (FakeKmsClient* client : {&first, &second}) {
      const kms::WrapResult wrapped = client->Wrap({}, kek, kms::WrapContext{"cluster-1"}).value();
      record.entries.push_back({2, client->fingerprint(), wrapped.backend_field, wrapped.blob});
    }
    const auto local = crypto::LocalKek::Derive(kek).value();
    Stored stored;
    stored.key_id = record.key_id;
    stored.record = local->FinishRecord(record, "cluster-1").value();
    stored.ciphertext = crypto::SealEnvelope(*local, crypto::ComputeLocalKekId(stored.record), stored.key_id,
                                             "x", crypto::SystemRandom())
                            .value();
    return stored;
  };
  EXPECT_THAT(harness_.Decrypt(make()), IsOk());
  EXPECT_EQ(other->calls(Operation::kUnwrap), 0u);
  harness_.client->FailNext(Operation::kUnwrap, 1, absl::UnavailableError("away"));
  EXPECT_THAT(harness_.Decrypt(make()), IsOk());
  EXPECT_EQ(other->calls(Operation::kUnwrap), 1u);
  // Until then the one that was unreachable is asked last.
  harness_.clock.Advance(HealthBoard::kAvoid);
  harness_.client->FailNext(Operation::kUnwrap, 1, absl::PermissionDeniedError("no"),
                            kms::FailureClass::kDenied);
  EXPECT_THAT(harness_.Decrypt(make()), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(other->calls(Operation::kUnwrap), 1u);
}

}  // namespace
}  // namespace signet

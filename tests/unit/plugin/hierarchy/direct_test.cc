// `mode: direct`: a local KEK per call, used once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

class DirectTest : public ::testing::Test {
 protected:
  DirectTest() {
    harness_.options.direct = true;
    harness_.StartStepped();
  }
  void SwitchTo(bool direct) {
    harness_.hierarchy.reset();
    harness_.options.direct = direct;
    harness_.StartStepped();
  }
  absl::StatusOr<Stored> Encrypt(const std::string& plaintext = "secret") {
    absl::StatusOr<EncryptResult> result = absl::UnknownError("no answer");
    EncryptInput input;
    input.plaintext = plaintext;
    input.uid = "uid-1";
    harness_.hierarchy->EncryptLater(input, [&](auto answer) { result = std::move(answer); });
    harness_.hierarchy->RunPending();
    if (!result.ok()) return result.status();
    return Stored{result->ciphertext, result->key->key_id, result->key->record};
  }

  HierarchyHarness harness_;
};

TEST_F(DirectTest, EveryEncryptIsOneWrapUnderAKeyOfItsOwn) {
  const size_t wraps = harness_.wraps();
  const size_t unwraps = harness_.unwraps();
  ASSERT_OK_AND_ASSIGN(const Stored one, Encrypt());
  ASSERT_OK_AND_ASSIGN(const Stored two, Encrypt());
  EXPECT_NE(one.record, two.record);
  EXPECT_EQ(one.key_id, harness_.hierarchy->Snapshot()->key_id);
  EXPECT_EQ(harness_.wraps() - wraps, 2u);
  EXPECT_EQ(harness_.unwraps(), unwraps);
}

TEST_F(DirectTest, EveryDecryptAsksTheKmsAndNothingIsKept) {
  ASSERT_OK_AND_ASSIGN(const Stored stored, Encrypt());
  for (int i = 0; i < 3; ++i) {
    const size_t unwraps = harness_.unwraps();
    ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness_.DecryptStepped(stored));
    EXPECT_EQ(plaintext, "secret");
    EXPECT_EQ(harness_.unwraps() - unwraps, 1u);
  }
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 1u) << "the snapshot's own";
  EXPECT_EQ(harness_.hierarchy->State().journal_records, 1u);
}

TEST_F(DirectTest, EitherModeReadsTheOthersData) {
  ASSERT_OK_AND_ASSIGN(const Stored direct, Encrypt("direct"));
  SwitchTo(false);
  const Stored hierarchical = harness_.Encrypt("hierarchical");
  EXPECT_EQ(direct.key_id, hierarchical.key_id);
  ASSERT_OK_AND_ASSIGN(std::string plaintext, harness_.DecryptStepped(direct));
  EXPECT_EQ(plaintext, "direct");
  SwitchTo(true);
  ASSERT_OK_AND_ASSIGN(plaintext, harness_.DecryptStepped(hierarchical));
  EXPECT_EQ(plaintext, "hierarchical");
  ASSERT_OK_AND_ASSIGN(plaintext, harness_.DecryptStepped(direct));
  EXPECT_EQ(plaintext, "direct");
}

TEST_F(DirectTest, ANewerVersionNamedByWrapIsTakenUpAtOnceAndTheCallIsUnavailable) {
  const std::string old = harness_.hierarchy->Snapshot()->key_id;
  harness_.remote->Rotate();
  EXPECT_THAT(Encrypt(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_NE(harness_.hierarchy->Snapshot()->key_id, old);
  ASSERT_OK_AND_ASSIGN(const Stored stored, Encrypt());
  EXPECT_EQ(stored.key_id, harness_.hierarchy->Snapshot()->key_id);
  EXPECT_THAT(harness_.DecryptStepped(stored), IsOk());
}

TEST_F(DirectTest, AnOlderVersionNamedByWrapIsNotFollowed) {
  harness_.remote->Rotate();
  ASSERT_FALSE(Encrypt().ok());
  const std::string newest = harness_.hierarchy->Snapshot()->key_id;
  harness_.remote->SetCurrent(1);
  EXPECT_THAT(Encrypt(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(harness_.hierarchy->Snapshot()->key_id, newest);
}

TEST_F(DirectTest, AnOutageIsAnErrorWithAConstantText) {
  harness_.client->FailAll(absl::UnavailableError("the provider's own text"));
  EXPECT_THAT(Encrypt(), StatusIs(absl::StatusCode::kUnavailable, "the KMS is unreachable"));
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
}

TEST_F(DirectTest, ACallThatNobodyWantsAsksNothing) {
  const size_t wraps = harness_.wraps();
  EncryptInput input;
  input.plaintext = "secret";
  input.cancellation = std::make_shared<CancellationToken>();
  absl::StatusOr<EncryptResult> result = absl::UnknownError("no answer");
  harness_.hierarchy->EncryptLater(input, [&](auto answer) { result = std::move(answer); });
  input.cancellation->Cancel();
  harness_.hierarchy->RunPending();
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kCancelled));
  input.cancellation = nullptr;
  input.deadline = harness_.clock.Monotonic();
  harness_.hierarchy->EncryptLater(input, [&](auto answer) { result = std::move(answer); });
  harness_.hierarchy->RunPending();
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(harness_.wraps(), wraps);
}

TEST_F(DirectTest, TheOtherEncryptIsRefused) {
  EXPECT_TRUE(harness_.hierarchy->encrypts_later());
  EXPECT_THAT(harness_.hierarchy->Encrypt("x"), StatusIs(absl::StatusCode::kFailedPrecondition));
  SwitchTo(false);
  EXPECT_FALSE(harness_.hierarchy->encrypts_later());
  EXPECT_THAT(Encrypt(), IsOk());
}

}  // namespace
}  // namespace signet

// Local KEKs wrapped by several providers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/record.h"
#include "kms_client/failure_class.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using kms::FailureClass;
using testing::FakeKmsClient;
using testing::FakeRemoteKey;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

const absl::Status kAway = absl::UnavailableError("away");

class RedundancyTest : public ::testing::Test {
 protected:
  RedundancyTest() {
    harness_.providers.push_back({"standby", standby_});
    harness_.options.also_wrap_with = {"standby"};
  }
  crypto::Record ActiveRecord() {
    return crypto::ParseRecord(harness_.hierarchy->Snapshot()->record).value();
  }
  // So that Decrypt has to ask.
  void ForgetKeys() {
    harness_.hierarchy.reset();
    harness_.RestoreDirectory({});
    harness_.options.also_wrap_with = {};
    harness_.StartStepped();
  }

  HierarchyHarness harness_;
  std::shared_ptr<FakeRemoteKey> standby_key_ = std::make_shared<FakeRemoteKey>("standby");
  std::shared_ptr<FakeKmsClient> standby_ = std::make_shared<FakeKmsClient>(standby_key_, harness_.clock);
};

TEST_F(RedundancyTest, EveryKeyIsWrappedAndProvedByTheWholeWrapSet) {
  harness_.StartStepped();
  ASSERT_THAT(ActiveRecord().entries, SizeIs(2));
  EXPECT_EQ(ActiveRecord().entries[0].fingerprint, harness_.client->fingerprint());
  EXPECT_EQ(ActiveRecord().entries[1].fingerprint, standby_->fingerprint());
  EXPECT_EQ(standby_->calls(Operation::kWrap), 1u);
  EXPECT_EQ(standby_->calls(Operation::kUnwrap), 1u);
}

TEST_F(RedundancyTest, LosingEitherProviderLosesNothing) {
  harness_.StartStepped();
  const Stored stored = harness_.Encrypt("secret");
  ForgetKeys();
  for (const auto& [lost, kept] :
       {std::pair{harness_.client, standby_}, std::pair{standby_, harness_.client}}) {
    lost->FailAll(kAway);
    harness_.hierarchy->control().PurgeKeys([](const auto&) {});
    ASSERT_OK_AND_ASSIGN(const std::string plaintext, harness_.DecryptStepped(stored));
    EXPECT_EQ(plaintext, "secret");
    lost->FailAll(absl::OkStatus());
  }
}

TEST_F(RedundancyTest, AHangingProviderGetsOnlyItsShareOfTheTime) {
  harness_.Start();
  const Stored stored = harness_.Encrypt("secret");
  harness_.hierarchy.reset();
  harness_.RestoreDirectory({});
  harness_.options.also_wrap_with = {};
  harness_.Start();
  harness_.client->Hang(Operation::kUnwrap);
  testing::Answer answer;
  harness_.hierarchy->Decrypt(HierarchyHarness::Input(stored), answer.callback());
  ASSERT_TRUE(harness_.AdvanceUntil([&] { return answer.done(); }, absl::Milliseconds(50)));
  EXPECT_THAT(answer.Wait(), IsOk());
}

TEST_F(RedundancyTest, WithoutAPartOfTheWrapSetNothingNewIsPublished) {
  harness_.options.local_kek_lifetime = absl::Hours(6);
  harness_.StartStepped();
  const std::string record = harness_.hierarchy->Snapshot()->record;
  standby_->FailAll(kAway);
  harness_.Run(absl::Hours(5));
  EXPECT_EQ(harness_.hierarchy->Snapshot()->record, record);
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
  EXPECT_NE(harness_.ProblemText("limit_near"), "");
  standby_->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(15));
  EXPECT_NE(harness_.hierarchy->Snapshot()->record, record);
}

TEST_F(RedundancyTest, AStartWithoutAPartOfTheWrapSetWaits) {
  standby_->FailAll(kAway);
  harness_.StartStepped();
  harness_.Run(absl::Minutes(10));
  EXPECT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
  standby_->FailAll(absl::OkStatus());
  harness_.Run(absl::Seconds(15));
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
}

TEST_F(RedundancyTest, ADegradedStartIsShownUntilTheGenerationIsRaised) {
  harness_.options.allow_degraded_start = true;
  standby_->FailAll(kAway);
  harness_.StartStepped();
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
  EXPECT_THAT(ActiveRecord().entries, SizeIs(1));
  EXPECT_THAT(harness_.ProblemText("degraded_start"), HasSubstr("key_id_generation"));
  const std::string key_id = harness_.hierarchy->Snapshot()->key_id;
  standby_->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(15));
  EXPECT_THAT(ActiveRecord().entries, SizeIs(2));
  EXPECT_EQ(harness_.hierarchy->Snapshot()->key_id, key_id);
  EXPECT_NE(harness_.ProblemText("degraded_start"), "");
  harness_.RestartStepped();
  EXPECT_NE(harness_.ProblemText("degraded_start"), "");
  harness_.options.key_id_generation = 1;
  harness_.RestartStepped();
  harness_.Run(absl::Minutes(15));
  EXPECT_NE(harness_.hierarchy->Snapshot()->key_id, key_id);
  EXPECT_EQ(harness_.ProblemText("degraded_start"), "");
}

TEST_F(RedundancyTest, ADegradedStartNeverDoesWithoutTheProviderThatWrites) {
  harness_.options.allow_degraded_start = true;
  harness_.client->FailAll(kAway);
  harness_.StartStepped();
  harness_.Run(absl::Minutes(1));
  EXPECT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(RedundancyTest, TheWrapSetIsPartOfTheKeyId) {
  harness_.StartStepped();
  const std::string both = harness_.hierarchy->Snapshot()->key_id;
  ForgetKeys();
  EXPECT_NE(harness_.hierarchy->Snapshot()->key_id, both);
}

TEST_F(RedundancyTest, ARevokedProviderAnywhereInTheRecordIsTheAnswer) {
  harness_.StartStepped();
  const Stored stored = harness_.Encrypt("secret");
  standby_key_->Disable(1);
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kFailedPrecondition));
  const size_t unwraps = harness_.unwraps();
  standby_->FailAll(kAway);
  EXPECT_THAT(harness_.DecryptStepped(stored), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(harness_.unwraps(), unwraps) << "the other provider must not be asked";
}

TEST_F(RedundancyTest, ARevokedProviderTakesItBackByOpeningTheRecord) {
  harness_.StartStepped();
  const Stored stored = harness_.Encrypt("secret");
  standby_key_->Disable(1);
  harness_.Run(absl::Minutes(5));
  ASSERT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kFailedPrecondition));
  standby_key_->Enable(1);
  EXPECT_THAT(harness_.DecryptStepped(stored), IsOk());
}

TEST_F(RedundancyTest, FallbackOnRevokedReadsThroughTheOthers) {
  harness_.options.fall_back_on_revoked = true;
  harness_.StartStepped();
  const Stored stored = harness_.Encrypt("secret");
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(harness_.DecryptStepped(stored), IsOk());
}

TEST_F(RedundancyTest, UnreachableProvidersAreAskedLast) {
  harness_.StartStepped();
  const Stored stored = harness_.Encrypt("secret");
  ForgetKeys();
  harness_.client->FailAll(kAway);
  EXPECT_THAT(harness_.DecryptStepped(harness_.ForeignTuple()), StatusIs(absl::StatusCode::kUnavailable));
  const size_t unwraps = harness_.unwraps();
  EXPECT_THAT(harness_.DecryptStepped(stored), IsOk());
  EXPECT_EQ(harness_.unwraps(), unwraps);
}

TEST_F(RedundancyTest, AnAnswerOtherThanUnreachableIsFinal) {
  harness_.StartStepped();
  const Stored stored = harness_.Encrypt("secret");
  ForgetKeys();
  harness_.client->FailNext(Operation::kUnwrap, 1, absl::PermissionDeniedError("no"), FailureClass::kDenied);
  const size_t asked = standby_->calls(Operation::kUnwrap);
  EXPECT_THAT(harness_.DecryptStepped(stored), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(standby_->calls(Operation::kUnwrap), asked);
}

TEST_F(RedundancyTest, AnUnknownNameInTheWrapSetIsRefused) {
  harness_.options.also_wrap_with = {"nobody"};
  EXPECT_THAT(harness_.Create(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nobody")));
}

}  // namespace
}  // namespace signet

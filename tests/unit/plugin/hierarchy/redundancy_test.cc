// Local KEKs wrapped by several providers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/record.h"
#include "kms_client/failure_class.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/plugin/hierarchy/lying_kms_client.h"

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

// What follows from a new version of a provider that does not write.
class SecondProviderTest : public RedundancyTest {
 protected:
  std::string WrappedUnder() { return ActiveRecord().entries[1].backend_field; }
  std::string Record() const { return harness_.hierarchy->Snapshot()->record; }
  std::string KeyId() const { return harness_.hierarchy->Snapshot()->key_id; }
  void RunToNextLook() {
    const size_t before = standby_->calls(Operation::kDescribe);
    while (standby_->calls(Operation::kDescribe) == before) harness_.Run(absl::Seconds(1));
  }
};

TEST_F(SecondProviderTest, ItsNewVersionRenewsTheLocalKekUnderTheSameKeyIdAfterConfirmationAndDelay) {
  harness_.StartStepped();
  const Stored old = harness_.Encrypt("secret");
  standby_key_->Rotate();
  RunToNextLook();
  harness_.Run(absl::Seconds(78));
  EXPECT_EQ(Record(), old.record);
  harness_.Run(absl::Seconds(5));
  EXPECT_NE(Record(), old.record);
  EXPECT_EQ(KeyId(), old.key_id);
  EXPECT_EQ(WrappedUnder(), "2");
  EXPECT_THAT(harness_.hierarchy->State().key_id_history, SizeIs(1));
  EXPECT_THAT(harness_.DecryptStepped(old), IsOk());
  const std::string renewed = Record();
  harness_.Run(absl::Hours(3));
  EXPECT_EQ(Record(), renewed);
}

TEST_F(SecondProviderTest, OneOddAnswerChangesNothing) {
  harness_.StartStepped();
  const std::string record = Record();
  standby_key_->Rotate();
  RunToNextLook();
  standby_key_->SetCurrent(1);
  harness_.Run(absl::Minutes(30));
  EXPECT_EQ(Record(), record);
}

TEST_F(SecondProviderTest, ARollbackOfItIsNotFollowed) {
  harness_.StartStepped();
  standby_key_->Rotate();
  harness_.Run(absl::Minutes(6));
  ASSERT_EQ(WrappedUnder(), "2");
  const std::string record = Record();
  standby_key_->SetCurrent(1);
  harness_.Run(absl::Hours(1));
  EXPECT_EQ(Record(), record);
}

TEST_F(SecondProviderTest, AVersionMadeWhileNobodyRanIsNoticedAfterTheStart) {
  harness_.StartStepped();
  standby_key_->Rotate();
  harness_.RestartStepped();
  ASSERT_EQ(WrappedUnder(), "1");
  harness_.Run(absl::Minutes(15));
  EXPECT_EQ(WrappedUnder(), "2");
}

TEST_F(SecondProviderTest, ADescribeThatRunsAheadOfWrapCostsOneRenewalAnHour) {
  auto lying = std::make_shared<testing::LyingKmsClient>(standby_);
  lying->describe_lie = [](kms::KeyDescription& description) {
    description.current = kms::RemoteVersion{"2", "of the future", 2};
  };
  harness_.providers[1].client = lying;
  harness_.StartStepped();
  harness_.Run(absl::Minutes(55));
  EXPECT_EQ(harness_.wraps(), 2u);
  harness_.Run(absl::Hours(3));
  EXPECT_LE(harness_.wraps(), 5u);
}

TEST_F(SecondProviderTest, IsAskedWithinItsHourOfCalls) {
  harness_.StartStepped();
  harness_.Run(absl::Minutes(10));
  const auto calls = [this] {
    return standby_->calls(Operation::kDescribe) + standby_->calls(Operation::kWrap) +
           standby_->calls(Operation::kUnwrap);
  };
  const size_t before = calls();
  harness_.Run(absl::Hours(1));
  EXPECT_LE(calls() - before, 45u);
  EXPECT_GE(standby_->calls(Operation::kDescribe), 20u);
}

TEST_F(SecondProviderTest, ItsOldVersionMayBeDestroyedOnceItIsNotInUse) {
  harness_.StartStepped();
  const Stored old = harness_.Encrypt("secret");
  standby_key_->Rotate();
  harness_.Run(absl::Minutes(6));
  standby_key_->Destroy(1);
  for (int minute = 0; minute < 30; ++minute) {
    harness_.Run(absl::Minutes(1));
    ASSERT_THAT(harness_.hierarchy->Writable(), IsOk());
  }
  EXPECT_THAT(harness_.DecryptStepped(old), IsOk());
}

TEST_F(SecondProviderTest, ADestroyedVersionThatWasInUseStopsWritesOnlyUntilANewerOneWraps) {
  harness_.StartStepped();
  const Stored old = harness_.Encrypt("secret");
  standby_key_->Rotate();
  standby_key_->Destroy(1);
  harness_.Run(absl::Minutes(10));
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
  EXPECT_EQ(KeyId(), old.key_id);
  EXPECT_EQ(WrappedUnder(), "2");
  EXPECT_THAT(harness_.DecryptStepped(old), IsOk());
}

TEST_F(SecondProviderTest, ARevokedKeyOfWhichNoVersionWrapsKeepsWritesStoppedWithFewCalls) {
  harness_.StartStepped();
  standby_key_->Disable(1);
  harness_.Run(absl::Minutes(10));
  ASSERT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kFailedPrecondition));
  const auto calls = [](const FakeKmsClient& client) {
    return client.calls(Operation::kDescribe) + client.calls(Operation::kWrap) +
           client.calls(Operation::kUnwrap);
  };
  const size_t writers = calls(*harness_.client), seconds = calls(*standby_);
  harness_.Run(absl::Hours(1));
  EXPECT_LE(calls(*harness_.client) - writers, 45u);
  EXPECT_LE(calls(*standby_) - seconds, 45u);
  EXPECT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kFailedPrecondition));
  standby_key_->Enable(1);
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
}

TEST_F(RedundancyTest, AnUnknownNameInTheWrapSetIsRefused) {
  harness_.options.also_wrap_with = {"nobody"};
  EXPECT_THAT(harness_.Create(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nobody")));
}

}  // namespace
}  // namespace signet

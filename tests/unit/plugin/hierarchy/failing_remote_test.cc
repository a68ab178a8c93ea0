// A KMS that fails, in every way, and what Status, Encrypt and Decrypt make of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kms_client/failure_class.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using kms::FailureClass;
using kms::WithFailureClass;
using ::testing::Contains;
using testing::FakeKmsClient;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;

const absl::Status kAway = absl::UnavailableError("away");
const absl::Status kDenied = WithFailureClass(absl::PermissionDeniedError("no"), FailureClass::kDenied);

class FailingRemoteTest : public ::testing::Test {
 protected:
  FailingRemoteTest() { Start(); }
  void Start() {
    harness_.StartStepped();
    stored_ = harness_.Encrypt("secret");
  }
  ProviderState Provider() { return harness_.hierarchy->State().providers.front(); }
  absl::Status Status() { return harness_.hierarchy->Writable().status(); }
  absl::Status Decrypt() { return harness_.DecryptStepped(stored_).status(); }

  HierarchyHarness harness_;
  Stored stored_;
};

TEST_F(FailingRemoteTest, OneFailedPollOfAnyKindChangesNothingThatIsSeen) {
  const absl::Status failures[] = {
      kAway, kDenied, WithFailureClass(absl::FailedPreconditionError("off"), FailureClass::kRevoked),
      absl::ResourceExhaustedError("throttled"), absl::UnauthenticatedError("401")};
  for (const absl::Status& failure : failures) {
    for (const Operation operation : {Operation::kDescribe, Operation::kUnwrap}) {
      harness_.client->FailNext(operation, 1, failure);
      for (int second = 0; second < 300; ++second) {
        harness_.Run(absl::Seconds(1));
        ASSERT_THAT(Status(), IsOk()) << failure;
        ASSERT_EQ(harness_.hierarchy->Snapshot()->record, stored_.record);
      }
    }
  }
  EXPECT_EQ(Provider().provider_class, ProviderClass::kHealthy);
}

TEST_F(FailingRemoteTest, ARevokedKeyStopsWritesAndLeavesMemoryWithinFiveMinutes) {
  ASSERT_THAT(harness_.DecryptStepped(harness_.ForeignTuple()), IsOk());
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(harness_.hierarchy->Encrypt("x"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 0u);
  EXPECT_TRUE(harness_.hierarchy->control().ListKeys().empty());
  EXPECT_THAT(Decrypt(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(harness_.ProblemText("revoked"), HasSubstr("provider primary"));
}

TEST_F(FailingRemoteTest, ARevokedKeyGivenBackRecoversByItselfUnderTheSameRecord) {
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(30));
  harness_.remote->Enable(1);
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(Status(), IsOk());
  EXPECT_EQ(harness_.hierarchy->Snapshot()->record, stored_.record);
  EXPECT_THAT(Decrypt(), IsOk());
  EXPECT_EQ(Provider().provider_class, ProviderClass::kHealthy);
  EXPECT_EQ(harness_.wraps(), 1u);
}

TEST_F(FailingRemoteTest, ANewerVersionIsTakenUpThoughTheOneInUseWasDestroyed) {
  harness_.remote->Rotate();
  harness_.remote->Destroy(1);
  harness_.Run(absl::Minutes(8));
  EXPECT_THAT(Status(), IsOk());
  EXPECT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 2u);
  EXPECT_EQ(Provider().provider_class, ProviderClass::kHealthy);
  harness_.Run(absl::Minutes(30));
  EXPECT_THAT(Status(), IsOk());
}

TEST_F(FailingRemoteTest, AnOlderVersionIsNotTakenUpWhenTheOneInUseIsRevoked) {
  harness_.remote->Rotate();
  harness_.Run(absl::Minutes(10));
  ASSERT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 2u);
  harness_.remote->Disable(2);
  harness_.remote->SetCurrent(1);
  harness_.Run(absl::Minutes(30));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(FailingRemoteTest, WhileRevokedTheKmsIsNotAskedOftenerThanWhenIdle) {
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(10));
  // Where an hour begins decides how many calls fall into it.
  for (int hour = 0; hour < 50; ++hour) {
    const size_t before = harness_.describes() + harness_.wraps() + harness_.unwraps();
    harness_.Run(absl::Hours(1));
    ASSERT_LE(harness_.describes() + harness_.wraps() + harness_.unwraps() - before, 45u);
    harness_.Run(absl::Seconds(hour));
  }
}

TEST_F(FailingRemoteTest, ADenialStopsWritesAtOnceAndPurgesAfterItsGrace) {
  harness_.client->FailAll(kDenied);
  harness_.Run(absl::Minutes(6));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Decrypt(), IsOk()) << "within the grace period what is in memory opens";
  harness_.Run(absl::Minutes(50));
  EXPECT_THAT(Decrypt(), IsOk());
  harness_.Run(absl::Minutes(15));
  EXPECT_THAT(Decrypt(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 0u);
  harness_.client->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(Status(), IsOk());
  EXPECT_THAT(Decrypt(), IsOk());
}

TEST_F(FailingRemoteTest, WithoutAGraceADenialPurgesAtOnce) {
  harness_.hierarchy.reset();
  harness_.options.denied_grace = absl::ZeroDuration();
  Start();
  harness_.client->FailAll(kDenied);
  harness_.Run(absl::Minutes(6));
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 0u);
}

TEST_F(FailingRemoteTest, A401OrAnExpiredTokenNeverPurges) {
  harness_.client->FailAll(absl::UnauthenticatedError("token expired"));
  harness_.Run(absl::Hours(24));
  EXPECT_THAT(Status(), IsOk());
  EXPECT_THAT(Decrypt(), IsOk());
  EXPECT_EQ(Provider().provider_class, ProviderClass::kUnreachable);
}

TEST_F(FailingRemoteTest, AnOutageCoastsToOfflineLimitAndEndsWithTheKms) {
  harness_.client->FailAll(kAway);
  harness_.Run(harness_.options.offline_limit - absl::Minutes(5));
  EXPECT_THAT(Status(), IsOk());
  harness_.Run(absl::Minutes(6));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("offline_limit")));
  EXPECT_THAT(harness_.hierarchy->Encrypt("x"), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Decrypt(), IsOk());
  EXPECT_NE(harness_.ProblemText("offline"), "");
  harness_.client->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(Status(), IsOk());
}

TEST_F(FailingRemoteTest, ReadsPastOfflineLimitCanBeForbidden) {
  harness_.hierarchy.reset();
  harness_.options.decrypt_past_offline_limit = false;
  Start();
  harness_.client->FailAll(kAway);
  harness_.Run(harness_.options.offline_limit + absl::Minutes(6));
  EXPECT_THAT(Decrypt(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(harness_.hierarchy->State().cached_decrypt_stopped);
  harness_.client->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(5));
  EXPECT_THAT(Decrypt(), IsOk());
}

TEST_F(FailingRemoteTest, ASuspendedMachineIsNotGivenMoreTimeAndAsksAtOnce) {
  harness_.clock.Suspend(harness_.options.offline_limit + absl::Hours(1));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kFailedPrecondition));
  harness_.Run(absl::Minutes(1));
  EXPECT_THAT(Status(), IsOk());
}

TEST_F(FailingRemoteTest, OfflineLimitCountsAcrossRestarts) {
  harness_.Run(absl::Hours(2));
  harness_.hierarchy.reset();
  const absl::Time before = harness_.clock.Wall();
  harness_.clock.SetBootId("boot-2");
  harness_.clock.Advance(absl::Hours(24 * 5));
  harness_.client->FailAll(kAway);
  ASSERT_THAT(harness_.Create(), IsOk());
  EXPECT_LE(harness_.hierarchy->State().offline_until, before + harness_.options.offline_limit);
  EXPECT_GE(harness_.hierarchy->State().offline_until,
            before + harness_.options.offline_limit - absl::Hours(2));
}

TEST_F(FailingRemoteTest, ARefusedWrapDegradesAndEncryptGoesOnToTheLimit) {
  harness_.hierarchy.reset();
  harness_.options.local_kek_lifetime = absl::Hours(3);
  Start();
  harness_.client->FailNext(Operation::kWrap, 10000, kDenied);
  harness_.Run(absl::Minutes(150));
  EXPECT_EQ(Provider().provider_class, ProviderClass::kDegraded);
  EXPECT_THAT(Status(), IsOk());
  EXPECT_THAT(harness_.ProblemText("limit_near"), HasSubstr("it ends at"));
  harness_.Run(absl::Minutes(40));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("lifetime")));
  EXPECT_THAT(Decrypt(), IsOk());
}

TEST_F(FailingRemoteTest, WhenOnlyDescribeIsRefusedTheVersionIsLearnedFromWrap) {
  harness_.client->FailNext(Operation::kDescribe, 10000, kDenied);
  harness_.Run(absl::Minutes(10));
  EXPECT_EQ(Provider().provider_class, ProviderClass::kDegraded);
  harness_.remote->Rotate();
  harness_.Run(absl::Minutes(6));
  EXPECT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 2u);
}

TEST_F(FailingRemoteTest, AnIdleHourIsAtMostFortyFiveCallsAndStatusMakesNone) {
  // Seven older versions in use, so that their turns are used up.
  for (int i = 0; i < 7; ++i) {
    harness_.remote->Rotate();
    harness_.Run(absl::Minutes(5));
  }
  EXPECT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 8u);
  harness_.Run(absl::Hours(1));
  for (int hour = 0; hour < 24; ++hour) {
    const size_t before = harness_.describes() + harness_.wraps() + harness_.unwraps();
    harness_.Run(absl::Hours(1));
    const size_t calls = harness_.describes() + harness_.wraps() + harness_.unwraps() - before;
    EXPECT_LE(calls, 45u);
    EXPECT_GE(calls, 38u);
  }
  const size_t before = harness_.describes() + harness_.wraps() + harness_.unwraps();
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(Status(), IsOk());
  EXPECT_EQ(harness_.describes() + harness_.wraps() + harness_.unwraps(), before);
}

TEST_F(FailingRemoteTest, ARevokedOlderVersionLeavesMemoryAndTheOthersStay) {
  harness_.remote->Rotate();
  harness_.Run(absl::Minutes(5));
  ASSERT_EQ(harness_.hierarchy->State().cached_local_keks, 2u);
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(15));
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 1u);
  EXPECT_THAT(Status(), IsOk());
  EXPECT_THAT(Decrypt(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(FailingRemoteTest, TellsWhatStopsAndResumesAsEvents) {
  const auto reader = harness_.hierarchy->control().Subscribe(100, false, nullptr);
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(5));
  harness_.remote->Enable(1);
  harness_.Run(absl::Minutes(5));
  std::vector<KeyEvent::Kind> kinds;
  for (const KeyEvent& event : reader->Take().events) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, Contains(KeyEvent::Kind::kProviderChanged).Times(2));
  EXPECT_THAT(kinds, Contains(KeyEvent::Kind::kWritesStopped));
  EXPECT_THAT(kinds, Contains(KeyEvent::Kind::kKeysPurged));
  EXPECT_THAT(kinds, Contains(KeyEvent::Kind::kWritesResumed));
}

TEST_F(FailingRemoteTest, OperatorsCanPurgeAndTheActiveKeyIsReadBack) {
  ASSERT_THAT(harness_.DecryptStepped(harness_.ForeignTuple()), IsOk());
  absl::StatusOr<KeyOperationResult> result = absl::UnknownError("no answer");
  harness_.hierarchy->control().PurgeKeys([&](auto answer) { result = std::move(answer); });
  harness_.hierarchy->RunPending();
  ASSERT_THAT(result, IsOk());
  EXPECT_THAT(result->note, HasSubstr("2 local KEKs"));
  EXPECT_THAT(Status(), IsOk());
  EXPECT_EQ(harness_.hierarchy->Snapshot()->record, stored_.record);
  EXPECT_EQ(harness_.hierarchy->State().cached_local_keks, 1u);
  EXPECT_EQ(harness_.hierarchy->State().uses, 1u);
}

TEST_F(FailingRemoteTest, PurgedDuringAnOutageEncryptFailsUntilTheKmsAnswers) {
  harness_.client->FailAll(kAway);
  harness_.hierarchy->control().PurgeKeys([](const auto&) {});
  harness_.Run(absl::Minutes(1));
  EXPECT_THAT(Status(), StatusIs(absl::StatusCode::kUnavailable));
  harness_.client->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(1));
  EXPECT_THAT(Status(), IsOk());
  EXPECT_EQ(harness_.hierarchy->Snapshot()->record, stored_.record);
}

}  // namespace
}  // namespace signet

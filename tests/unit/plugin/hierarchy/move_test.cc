// Moving from one provider, wrap-set or generation to another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::FakeKmsClient;
using testing::FakeRemoteKey;
using ::testing::HasSubstr;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::StatusIs;
using testing::Stored;

class MoveTest : public ::testing::Test {
 protected:
  MoveTest() {
    harness_.StartStepped();
    stored_ = harness_.Encrypt("secret");
  }
  void Configure(const std::string& active) {
    harness_.hierarchy.reset();
    if (harness_.providers.size() == 1) harness_.providers.push_back({"b", b_});
    harness_.options.active_provider = active;
  }
  void Restart() { harness_.StartStepped(); }
  std::string Provider() { return harness_.hierarchy->Snapshot()->provider_name; }
  std::string KeyId() { return harness_.hierarchy->Snapshot()->key_id; }

  HierarchyHarness harness_;
  std::shared_ptr<FakeKmsClient> b_ =
      std::make_shared<FakeKmsClient>(std::make_shared<FakeRemoteKey>("b"), harness_.clock);
  Stored stored_;
};

TEST_F(MoveTest, WaitsTenMinutesAfterTheNewProviderWasFirstLoaded) {
  Configure("b");
  Restart();
  EXPECT_EQ(KeyId(), stored_.key_id);
  EXPECT_NE(harness_.ProblemText("move_waits"), "");
  harness_.Run(absl::Minutes(5));
  harness_.RestartStepped();
  harness_.Run(absl::Minutes(5) - absl::Seconds(2));
  EXPECT_EQ(Provider(), "primary");
  harness_.Run(absl::Seconds(4));
  EXPECT_EQ(Provider(), "b");
  EXPECT_EQ(harness_.ProblemText("move_waits"), "");
  EXPECT_THAT(harness_.DecryptStepped(stored_), IsOk());
}

TEST_F(MoveTest, IsImmediateWhenTheProviderWasKnownForLong) {
  Configure("primary");
  Restart();
  harness_.Run(absl::Minutes(11));
  Configure("b");
  Restart();
  harness_.Run(absl::Seconds(1));
  EXPECT_EQ(Provider(), "b");
}

TEST_F(MoveTest, ANodeWithoutStateMovesAtOnce) {
  Configure("b");
  harness_.RestoreDirectory({});
  Restart();
  EXPECT_EQ(Provider(), "b");
}

TEST_F(MoveTest, WithTimesWhatIsAnnouncedDependsOnConfigurationAndClockOnly) {
  Configure("b");
  harness_.options.active_before = "primary";
  harness_.options.active_from = harness_.clock.Wall() + absl::Hours(1);
  harness_.RestoreDirectory({});
  Restart();
  EXPECT_EQ(Provider(), "primary");
  EXPECT_EQ(KeyId(), stored_.key_id);
  harness_.Run(absl::Hours(1) - absl::Seconds(1));
  EXPECT_EQ(Provider(), "primary");
  harness_.Run(absl::Seconds(2));
  EXPECT_EQ(Provider(), "b");
}

TEST_F(MoveTest, APassedActiveFromNeverGoesBack) {
  Configure("b");
  harness_.options.active_before = "primary";
  harness_.options.active_from = harness_.clock.Wall() + absl::Hours(1);
  Restart();
  harness_.Run(absl::Hours(2));
  const std::string moved = KeyId();
  harness_.clock.JumpWall(-absl::Hours(5));
  harness_.Run(absl::Minutes(5));
  EXPECT_EQ(KeyId(), moved);
  harness_.RestartStepped();
  harness_.Run(absl::Minutes(5));
  EXPECT_EQ(KeyId(), moved);
}

TEST_F(MoveTest, AFailingNewProviderLeavesTheOldOneAtWork) {
  Configure("b");
  b_->FailAll(absl::UnavailableError("away"));
  Restart();
  harness_.Run(absl::Hours(1));
  EXPECT_EQ(Provider(), "primary");
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
  b_->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(15));
  EXPECT_EQ(Provider(), "b");
}

TEST_F(MoveTest, BackNeedsAGenerationAndSaysWhich) {
  Configure("b");
  Restart();
  harness_.Run(absl::Minutes(15));
  const std::string moved = KeyId();
  Configure("primary");
  Restart();
  harness_.Run(absl::Minutes(30));
  EXPECT_EQ(KeyId(), moved);
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
  EXPECT_THAT(harness_.ProblemText("move_waits"), HasSubstr("key_id_generation to 1"));
  harness_.RestartStepped();
  EXPECT_EQ(KeyId(), moved) << "a restart must not stop Encrypt";
  harness_.hierarchy.reset();
  harness_.options.key_id_generation = 1;
  Restart();
  harness_.Run(absl::Minutes(30));
  EXPECT_EQ(Provider(), "primary");
  EXPECT_THAT(KeyId(), ::testing::EndsWith("-g1"));
}

TEST_F(MoveTest, AGenerationOrAWrapSetWaitsLikewise) {
  Configure("primary");
  harness_.options.key_id_generation = 1;
  harness_.options.also_wrap_with = {"b"};
  Restart();
  harness_.Run(absl::Minutes(9));
  EXPECT_EQ(KeyId(), stored_.key_id);
  harness_.Run(absl::Minutes(2));
  EXPECT_NE(KeyId(), stored_.key_id);
  EXPECT_EQ(b_->calls(FakeKmsClient::Operation::kWrap), 1u);
}

TEST_F(MoveTest, AMoveWhoseRecordIsLostDoesNotWait) {
  harness_.remote->Destroy(1);
  Configure("b");
  Restart();
  harness_.Run(absl::Seconds(15));
  EXPECT_EQ(Provider(), "b");
}

TEST_F(MoveTest, ARevokedProviderCanBeLeft) {
  harness_.remote->Disable(1);
  harness_.Run(absl::Minutes(6));
  ASSERT_THAT(harness_.hierarchy->Writable(), StatusIs(absl::StatusCode::kFailedPrecondition));
  Configure("b");
  Restart();
  harness_.Run(absl::Minutes(9));
  EXPECT_FALSE(harness_.hierarchy->Writable().ok());
  harness_.Run(absl::Minutes(2));
  EXPECT_EQ(Provider(), "b");
  EXPECT_THAT(harness_.hierarchy->Writable(), IsOk());
}

TEST_F(MoveTest, ARevokedProviderIsLeftThoughTheNewOneDidNotWorkAtFirst) {
  Configure("b");
  Restart();
  b_->FailAll(absl::UnavailableError("away"));
  harness_.remote->Disable(1);
  harness_.Run(absl::Hours(1));
  ASSERT_EQ(harness_.hierarchy->Snapshot(), nullptr);
  b_->FailAll(absl::OkStatus());
  harness_.Run(absl::Minutes(15));
  ASSERT_THAT(harness_.hierarchy->Writable(), IsOk());
  EXPECT_EQ(Provider(), "b");
}

TEST_F(MoveTest, OldRemovedProvidersDoNotStopIt) {
  Configure("b");
  harness_.providers.erase(harness_.providers.begin());
  Restart();
  EXPECT_EQ(Provider(), "b");
  EXPECT_THAT(harness_.DecryptStepped(stored_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(MoveTest, RotationsOfTheNewProviderAreFollowed) {
  Configure("b");
  Restart();
  harness_.Run(absl::Minutes(15));
  const std::string moved = KeyId();
  ASSERT_THAT(b_->Rotate({}), IsOk());
  harness_.Run(absl::Minutes(5));
  EXPECT_NE(KeyId(), moved);
  EXPECT_EQ(harness_.hierarchy->Snapshot()->remote_version.number, 2u);
}

}  // namespace
}  // namespace signet

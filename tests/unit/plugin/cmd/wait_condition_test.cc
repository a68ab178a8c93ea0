#include "plugin/cmd/signetctl/wait_condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/status_matchers.h"
#include "tests/unit/plugin/cmd/sample_state.h"

namespace signet::ctl {
namespace {

using ::signet::testing::StatusIs;
using ::testing::HasSubstr;

WaitCondition Condition(const char* text) { return WaitCondition::Parse(text).value(); }

TEST(WaitConditionTest, KnowsReadyKeyIdAndHash) {
  const admin::v1::GetStateResponse state = SampleState();
  EXPECT_TRUE(Condition("ready").Holds(state));
  EXPECT_TRUE(Condition("key-id=local-v2-8f3a1c0d9e7b2a44").Holds(state));
  EXPECT_FALSE(Condition("key-id=local-v2").Holds(state));
  EXPECT_TRUE(Condition("key-id-hash=sha256:aa").Holds(state));
  EXPECT_FALSE(Condition("key-id-hash=sha256:ab").Holds(state));
}

TEST(WaitConditionTest, NothingHoldsWhileEncryptDoesNotWork) {
  admin::v1::GetStateResponse state = SampleState();
  state.set_can_encrypt(false);
  state.set_problem_code("UNAVAILABLE");
  for (const char* text : {"ready", "key-id=local-v2-8f3a1c0d9e7b2a44", "key-id-hash=sha256:aa"}) {
    EXPECT_FALSE(Condition(text).Holds(state));
    EXPECT_THAT(Condition(text).WhyNot(state), HasSubstr("UNAVAILABLE"));
  }
}

TEST(WaitConditionTest, TellsWhatIsPending) {
  admin::v1::GetStateResponse state = SampleState();
  state.mutable_pending()->set_key_id("k3");
  EXPECT_EQ(Condition("key-id=k3").WhyNot(state), "the key_id is local-v2-8f3a1c0d9e7b2a44, pending is k3");
}

TEST(WaitConditionTest, RefusesAnythingElse) {
  for (const char* text : {"", "Ready", "key-id=", "key-id", "key-id-hash=aa", "encrypt"}) {
    EXPECT_THAT(WaitCondition::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace signet::ctl

// A hierarchy without threads: everything happens inside RunPending, on the caller's thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::HierarchyHarness;
using testing::IsOk;
using testing::StatusIs;

TEST(SteppedTest, DoesNothingBeforeItIsDriven) {
  HierarchyHarness harness;
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->StartStepped();
  EXPECT_EQ(harness.describes(), 0u);
  EXPECT_TRUE(harness.hierarchy->RunPending());
  EXPECT_THAT(harness.hierarchy->Writable(), IsOk());
  EXPECT_FALSE(harness.hierarchy->RunPending());
}

TEST(SteppedTest, NamesWhenThereIsMoreToDo) {
  HierarchyHarness harness;
  harness.client->FailAll(absl::UnavailableError("away"));
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->StartStepped();
  harness.hierarchy->RunPending();
  EXPECT_EQ(harness.describes(), 1u);
  const MonotonicTime next = harness.hierarchy->NextDue();
  ASSERT_LT(next, absl::InfiniteDuration());
  harness.clock.Advance(next - harness.clock.Monotonic() - absl::Nanoseconds(1));
  EXPECT_FALSE(harness.hierarchy->RunPending());
  harness.clock.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(harness.hierarchy->RunPending());
  EXPECT_EQ(harness.describes(), 2u);
}

TEST(SteppedTest, AColdDecryptIsAnsweredByRunPending) {
  HierarchyHarness harness;
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->StartStepped();
  harness.hierarchy->RunPending();
  const testing::Stored stored = harness.ForeignTuple("secret");
  testing::Answer answer;
  harness.hierarchy->Decrypt(HierarchyHarness::Input(stored), answer.callback());
  EXPECT_FALSE(answer.done());
  harness.hierarchy->RunPending();
  ASSERT_TRUE(answer.done());
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, answer.Wait());
  EXPECT_EQ(plaintext, "secret");
}

TEST(SteppedTest, StopsCleanly) {
  HierarchyHarness harness;
  ASSERT_THAT(harness.Create(), IsOk());
  harness.hierarchy->StartStepped();
  harness.hierarchy->RunPending();
  harness.hierarchy->Stop();
  EXPECT_FALSE(harness.hierarchy->RunPending());
  EXPECT_THAT(harness.hierarchy->Encrypt("x"), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet

#include "plugin/hierarchy/version_watcher.h"

#include <gtest/gtest.h>

#include "crypto/random.h"
#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

using Finding = VersionWatcher::Finding;

class VersionWatcherTest : public ::testing::Test {
 protected:
  absl::Duration UntilDue() { return watcher_.next() - clock_.Monotonic(); }

  testing::FakeClock clock_;
  VersionWatcher watcher_{{absl::Seconds(150), absl::Seconds(10)}, clock_, crypto::SystemRandom()};
};

TEST_F(VersionWatcherTest, IsDueAtOnceAndThenAtItsIntervalWithATwentyPercentJitter) {
  EXPECT_TRUE(watcher_.Due());
  absl::Duration shortest = absl::InfiniteDuration(), longest;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(watcher_.Hear("a", "a"), Finding::kExpected);
    shortest = std::min(shortest, UntilDue());
    longest = std::max(longest, UntilDue());
  }
  EXPECT_GE(shortest, absl::Seconds(120));
  EXPECT_LT(shortest, absl::Seconds(130));
  EXPECT_LE(longest, absl::Seconds(180));
  EXPECT_GT(longest, absl::Seconds(170));
}

TEST_F(VersionWatcherTest, AChangedAnswerCountsAfterTwoMoreTenSecondsApart) {
  EXPECT_EQ(watcher_.Hear("b", "a"), Finding::kSeen);
  EXPECT_EQ(UntilDue(), absl::Seconds(10));
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(watcher_.Hear("b", "a"), Finding::kSeen);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(watcher_.Hear("b", "a"), Finding::kConfirmed);
}

TEST_F(VersionWatcherTest, AnAnswerThatComesTooEarlyConfirmsNothing) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(watcher_.Hear("b", "a"), Finding::kSeen);
}

TEST_F(VersionWatcherTest, TheExpectedAnswerInBetweenBeginsAnew) {
  watcher_.Hear("b", "a");
  clock_.Advance(absl::Seconds(10));
  watcher_.Hear("b", "a");
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(watcher_.Hear("a", "a"), Finding::kExpected);
  EXPECT_EQ(watcher_.Hear("b", "a"), Finding::kSeen);
}

TEST_F(VersionWatcherTest, AnotherAnswerBeginsAnew) {
  watcher_.Hear("b", "a");
  clock_.Advance(absl::Seconds(10));
  watcher_.Hear("b", "a");
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(watcher_.Hear("c", "a"), Finding::kSeen);
  EXPECT_EQ(watcher_.candidate(), "c");
}

TEST_F(VersionWatcherTest, AFailedPollChangesNothingAndIsRepeatedSoonWhileConfirming) {
  watcher_.Hear("b", "a");
  clock_.Advance(absl::Seconds(10));
  watcher_.HearNothing();
  EXPECT_EQ(UntilDue(), absl::Seconds(10));
  clock_.Advance(absl::Seconds(10));
  watcher_.Hear("b", "a");
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(watcher_.Hear("b", "a"), Finding::kConfirmed);
}

TEST_F(VersionWatcherTest, AFailedPollOutsideAConfirmationWaitsTheInterval) {
  watcher_.HearNothing();
  EXPECT_GE(UntilDue(), absl::Seconds(120));
}

}  // namespace
}  // namespace signet

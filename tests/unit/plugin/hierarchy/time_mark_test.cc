#include "plugin/hierarchy/time_mark.h"

#include <gtest/gtest.h>

#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

class TimeMarkTest : public ::testing::Test {
 protected:
  TimeMark Now() { return last_ = MarkNow(clock_, last_); }
  void Reboot() { clock_.SetBootId(clock_.BootId() + "'"); }

  testing::FakeClock clock_;
  TimeMark last_{absl::UnixEpoch(), "", absl::ZeroDuration(), absl::UnixEpoch()};
};

TEST_F(TimeMarkTest, WithinABootOnlyTheBootTimeCounts) {
  const TimeMark start = Now();
  clock_.Advance(absl::Hours(2));
  clock_.JumpWall(-absl::Hours(48));
  EXPECT_EQ(Elapsed(start, Now()), absl::Hours(2));
  clock_.JumpWall(absl::Hours(4800));
  EXPECT_EQ(Elapsed(start, Now()), absl::Hours(2));
}

TEST_F(TimeMarkTest, ASuspendedMachineAges) {
  const TimeMark start = Now();
  clock_.Suspend(absl::Hours(24));
  EXPECT_EQ(Elapsed(start, Now()), absl::Hours(24));
}

TEST_F(TimeMarkTest, AcrossBootsTheWallClockCounts) {
  const TimeMark start = Now();
  Reboot();
  clock_.Advance(absl::Hours(3));
  EXPECT_EQ(Elapsed(start, Now()), absl::Hours(3));
}

TEST_F(TimeMarkTest, AcrossBootsAClockSetBackCountsFromTheHighestTimeSeen) {
  const TimeMark start = Now();
  clock_.Advance(absl::Hours(10));
  Now();
  Reboot();
  clock_.JumpWall(-absl::Hours(100));
  EXPECT_EQ(Elapsed(start, Now()), absl::Hours(10));
}

TEST_F(TimeMarkTest, TimeSpentRunningCountsWhateverTheWallClockSays) {
  const TimeMark start = Now();
  clock_.JumpWall(-absl::Hours(100));
  clock_.Advance(absl::Hours(10));
  Now();
  Reboot();
  EXPECT_EQ(Elapsed(start, Now()), absl::Hours(10));
}

TEST_F(TimeMarkTest, AClockThatWasOnceFarAheadDoesNotAgeWhatWasMarkedLater) {
  clock_.JumpWall(absl::Hours(24 * 365 * 70));
  Now();
  clock_.JumpWall(-absl::Hours(24 * 365 * 70));
  for (int boot = 0; boot < 3; ++boot) {
    const TimeMark start = Now();
    clock_.Advance(absl::Hours(1));
    Reboot();
    clock_.Advance(absl::Hours(1));
    EXPECT_EQ(Elapsed(start, Now()), absl::Hours(2)) << boot;
  }
}

TEST_F(TimeMarkTest, IsNeverNegative) {
  const TimeMark start = Now();
  Reboot();
  clock_.JumpWall(-absl::Hours(1));
  EXPECT_EQ(Elapsed(start, Now()), absl::ZeroDuration());
}

}  // namespace
}  // namespace signet

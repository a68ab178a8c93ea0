#include "plugin/hierarchy/time_mark.h"

#include <gtest/gtest.h>

#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

constexpr absl::Time kNever = absl::UnixEpoch();

TEST(TimeMarkTest, WithinABootOnlyTheBootTimeCounts) {
  testing::FakeClock clock;
  const TimeMark start = MarkNow(clock);
  clock.Advance(absl::Hours(2));
  clock.JumpWall(-absl::Hours(48));
  EXPECT_EQ(Elapsed(start, MarkNow(clock), clock.Wall() + absl::Hours(1000)), absl::Hours(2));
}

TEST(TimeMarkTest, ASuspendedMachineAges) {
  testing::FakeClock clock;
  const TimeMark start = MarkNow(clock);
  clock.Suspend(absl::Hours(24));
  EXPECT_EQ(Elapsed(start, MarkNow(clock), kNever), absl::Hours(24));
}

TEST(TimeMarkTest, AcrossBootsTheWallClockCounts) {
  testing::FakeClock clock;
  TimeMark start = MarkNow(clock);
  start.boot_id = "an earlier boot";
  clock.Advance(absl::Hours(3));
  EXPECT_EQ(Elapsed(start, MarkNow(clock), kNever), absl::Hours(3));
}

TEST(TimeMarkTest, AcrossBootsAClockSetBackCountsFromTheHighestTimeSeen) {
  testing::FakeClock clock;
  TimeMark start = MarkNow(clock);
  start.boot_id = "an earlier boot";
  const absl::Time highest = clock.Wall() + absl::Hours(10);
  clock.JumpWall(-absl::Hours(100));
  EXPECT_EQ(Elapsed(start, MarkNow(clock), highest), absl::Hours(10));
}

TEST(TimeMarkTest, IsNeverNegative) {
  testing::FakeClock clock;
  TimeMark start = MarkNow(clock);
  start.boot_id = "an earlier boot";
  clock.JumpWall(-absl::Hours(1));
  EXPECT_EQ(Elapsed(start, MarkNow(clock), kNever), absl::ZeroDuration());
}

}  // namespace
}  // namespace signet

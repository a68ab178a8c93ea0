#include "plugin/server/call_deadline.h"

#include <gtest/gtest.h>

#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

using ::signet::testing::FakeClock;

TEST(CallDeadlineTest, IsTheTimeLeftOnOurClock) {
  FakeClock clock;
  for (const gpr_clock_type type : {GPR_CLOCK_REALTIME, GPR_CLOCK_MONOTONIC}) {
    const gpr_timespec in_an_hour = gpr_time_add(gpr_now(type), gpr_time_from_hours(1, GPR_TIMESPAN));
    const MonotonicTime deadline = ToMonotonicTime(in_an_hour, clock);
    EXPECT_LE(deadline, clock.Monotonic() + absl::Hours(1));
    EXPECT_GT(deadline, clock.Monotonic() + absl::Minutes(59));
  }
}

TEST(CallDeadlineTest, APassedDeadlineIsInThePast) {
  FakeClock clock;
  const gpr_timespec before =
      gpr_time_sub(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(5, GPR_TIMESPAN));
  EXPECT_LT(ToMonotonicTime(before, clock), clock.Monotonic());
}

TEST(CallDeadlineTest, NoDeadlineIsInfinite) {
  FakeClock clock;
  EXPECT_EQ(ToMonotonicTime(gpr_inf_future(GPR_CLOCK_REALTIME), clock), absl::InfiniteDuration());
  EXPECT_EQ(ToMonotonicTime(gpr_inf_future(GPR_CLOCK_MONOTONIC), clock), absl::InfiniteDuration());
}

}  // namespace
}  // namespace signet

#include "plugin/observability/rate_limiter.h"

#include <gtest/gtest.h>

#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

using ::signet::testing::FakeClock;

class RateLimiterTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  RateLimiter limiter_{{3, 1}, clock_};
};

TEST_F(RateLimiterTest, LetsABurstThrough) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter_.Admit(0), 0U);
  EXPECT_EQ(limiter_.Admit(0), std::nullopt);
}

TEST_F(RateLimiterTest, TellsHowManyWereLeftOut) {
  for (int i = 0; i < 10; ++i) limiter_.Admit(0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(limiter_.Admit(0), 7U);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(limiter_.Admit(0), 0U);
}

TEST_F(RateLimiterTest, FillsUpToTheBurstOnly) {
  clock_.Advance(absl::Hours(1));
  for (int i = 0; i < 3; ++i) EXPECT_NE(limiter_.Admit(0), std::nullopt);
  EXPECT_EQ(limiter_.Admit(0), std::nullopt);
}

TEST_F(RateLimiterTest, KindsDoNotShare) {
  for (int i = 0; i < 4; ++i) limiter_.Admit(0);
  EXPECT_EQ(limiter_.Admit(1), 0U);
}

}  // namespace
}  // namespace signet

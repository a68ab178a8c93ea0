#include "plugin/cmd/signetctl/time_text.h"

#include <gtest/gtest.h>

namespace signet::ctl {
namespace {

TEST(RoughDurationTest, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(RoughDuration(absl::ZeroDuration()), "0s");
  EXPECT_EQ(RoughDuration(absl::Seconds(59)), "59s");
  EXPECT_EQ(RoughDuration(absl::Seconds(725)), "12m 5s");
  EXPECT_EQ(RoughDuration(absl::Hours(2)), "2h");
  EXPECT_EQ(RoughDuration(absl::Hours(76) + absl::Minutes(59)), "3d 4h");
  EXPECT_EQ(RoughDuration(-absl::Minutes(90)), "-1h 30m");
}

TEST(TimeTextTest, ShowsATimeAndHowFarAwayItIs) {
  google::protobuf::Timestamp time;
  time.set_seconds(1700000000);
  const absl::Time now = absl::FromUnixSeconds(1700000000);
  EXPECT_EQ(TimeAndDistance(time, now), "2023-11-14T22:13:20Z (0s ago)");
  EXPECT_EQ(TimeAndDistance(time, now + absl::Minutes(2)), "2023-11-14T22:13:20Z (2m ago)");
  EXPECT_EQ(TimeAndDistance(time, now - absl::Seconds(40)), "2023-11-14T22:13:20Z (in 40s)");
}

}  // namespace
}  // namespace signet::ctl

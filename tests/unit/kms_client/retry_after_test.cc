#include "kms_client/retry_after.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kms_client/failure_class.h"

namespace signet::kms {
namespace {

using ::testing::Eq;
using ::testing::Optional;

const absl::Time kNow = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfterTest, SurvivesBesideTheFailureClass) {
  absl::Status status = WithRetryAfter(absl::ResourceExhaustedError("busy"), absl::Milliseconds(1500));
  status = WithFailureClass(status, FailureClass::kThrottled);
  EXPECT_THAT(GetRetryAfter(status), Optional(absl::Milliseconds(1500)));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kThrottled);
}

TEST(RetryAfterTest, IsAbsentWhereNobodySaidIt) {
  EXPECT_THAT(GetRetryAfter(absl::UnavailableError("down")), Eq(std::nullopt));
}

TEST(RetryAfterTest, IsBounded) {
  EXPECT_THAT(GetRetryAfter(WithRetryAfter(absl::UnavailableError(""), absl::InfiniteDuration())),
              Optional(absl::Hours(1)));
  EXPECT_THAT(GetRetryAfter(WithRetryAfter(absl::UnavailableError(""), -absl::Seconds(1))),
              Optional(absl::ZeroDuration()));
}

TEST(ParseRetryAfterTest, ReadsSeconds) {
  EXPECT_THAT(ParseRetryAfter("120", kNow), Optional(absl::Seconds(120)));
  EXPECT_THAT(ParseRetryAfter(" 0 ", kNow), Optional(absl::ZeroDuration()));
  EXPECT_THAT(ParseRetryAfter("99999999", kNow), Optional(absl::Hours(1)));
}

TEST(ParseRetryAfterTest, ReadsADate) {
  EXPECT_THAT(ParseRetryAfter("Sun, 06 Nov 1994 08:49:40 GMT", kNow), Optional(absl::Seconds(3)));
  EXPECT_THAT(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", kNow), Optional(absl::ZeroDuration()));
}

TEST(ParseRetryAfterTest, RefusesAllElse) {
  for (const char* text :
       {"", "soon", "-1", "+5", "1.5", "99999999999999", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
    EXPECT_THAT(ParseRetryAfter(text, kNow), Eq(std::nullopt)) << text;
  }
}

}  // namespace
}  // namespace signet::kms

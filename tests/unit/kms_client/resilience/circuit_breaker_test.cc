#include "kms_client/resilience/circuit_breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kms_client/failure_class.h"
#include "kms_client/retry_after.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;
using Change = CircuitBreaker::Change;
using Permit = CircuitBreaker::Permit;

class CircuitBreakerTest : public ::testing::Test {
 protected:
  // A call that is let through and ends with `status`.
  Change Call(const absl::Status& status) {
    const absl::StatusOr<Permit> permit = breaker_.Admit();
    EXPECT_THAT(permit, IsOk());
    return permit.ok() ? breaker_.Report(*permit, status) : Change::kNone;
  }
  void Open() {
    for (int i = 0; i < 2; ++i) EXPECT_EQ(Call(down_), Change::kNone);
    EXPECT_EQ(Call(down_), Change::kOpened);
  }
  bool Refuses() { return !breaker_.Admit().ok(); }

  const absl::Status down_ = absl::UnavailableError("down");
  FakeClock clock_;
  CircuitBreaker breaker_{
      {.failures_to_open = 3, .first_open = absl::Seconds(1), .longest_open = absl::Seconds(3)}, clock_};
};

TEST_F(CircuitBreakerTest, OpensAfterFailuresInARow) {
  Open();
  const absl::Status refused = breaker_.Admit().status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("last: down")));
  EXPECT_EQ(GetFailureClass(refused), FailureClass::kUnreachable);
  EXPECT_EQ(GetRetryAfter(refused), absl::Seconds(1));
}

TEST_F(CircuitBreakerTest, ASuccessStartsTheCountAnew) {
  for (int round = 0; round < 3; ++round) {
    Call(down_);
    Call(down_);
    EXPECT_EQ(Call(absl::OkStatus()), Change::kNone);
  }
  EXPECT_FALSE(Refuses());
}

TEST_F(CircuitBreakerTest, LetsOneProbeThroughWhenTheTimeIsUp) {
  Open();
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK_AND_ASSIGN(const Permit probe, breaker_.Admit());
  EXPECT_TRUE(Refuses());
  EXPECT_EQ(breaker_.Report(probe, absl::OkStatus()), Change::kClosed);
  EXPECT_FALSE(Refuses());
}

TEST_F(CircuitBreakerTest, TellsHowLongItIsToTheNextProbe) {
  Open();
  clock_.Advance(absl::Milliseconds(400));
  EXPECT_EQ(GetRetryAfter(breaker_.Admit().status()), absl::Milliseconds(600));
  clock_.Advance(absl::Milliseconds(600));
  ASSERT_OK_AND_ASSIGN(const Permit probe, breaker_.Admit());
  EXPECT_EQ(GetRetryAfter(breaker_.Admit().status()), absl::Milliseconds(100));
  EXPECT_EQ(breaker_.Report(probe, down_), Change::kNone);
}

TEST_F(CircuitBreakerTest, AFailedProbeDoublesTheTimeUpToTheLongest) {
  Open();
  absl::Duration open_for = absl::Seconds(1);
  for (const int next : {2, 3, 3}) {
    clock_.Advance(open_for - absl::Milliseconds(1));
    EXPECT_TRUE(Refuses());
    clock_.Advance(absl::Milliseconds(1));
    EXPECT_EQ(Call(down_), Change::kNone);
    open_for = absl::Seconds(next);
  }
}

TEST_F(CircuitBreakerTest, AProbeThatSaysNothingIsFollowedByAnother) {
  Open();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Call(absl::CancelledError("")), Change::kNone);
  EXPECT_EQ(Call(absl::ResourceExhaustedError("")), Change::kNone);
  EXPECT_EQ(Call(absl::OkStatus()), Change::kClosed);
}

TEST_F(CircuitBreakerTest, CountsTimeoutsAndNotThrottling) {
  Call(absl::DeadlineExceededError(""));
  Call(absl::ResourceExhaustedError(""));
  Call(absl::CancelledError(""));
  Call(absl::DeadlineExceededError(""));
  EXPECT_EQ(Call(absl::DeadlineExceededError("")), Change::kOpened);
}

TEST_F(CircuitBreakerTest, ARefusalProvesThatTheRemoteIsThere) {
  Open();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Call(WithFailureClass(absl::PermissionDeniedError(""), FailureClass::kDenied)), Change::kClosed);
}

TEST_F(CircuitBreakerTest, ACallFromBeforeDoesNotCountAsTheProbe) {
  ASSERT_OK_AND_ASSIGN(const Permit late, breaker_.Admit());
  Open();
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK_AND_ASSIGN(const Permit probe, breaker_.Admit());
  EXPECT_EQ(breaker_.Report(late, down_), Change::kNone);
  EXPECT_TRUE(Refuses());
  EXPECT_EQ(breaker_.Report(probe, absl::OkStatus()), Change::kClosed);
}

}  // namespace
}  // namespace signet::kms

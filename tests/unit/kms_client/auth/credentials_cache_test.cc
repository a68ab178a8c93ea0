#include "kms_client/auth/credentials_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::IsOk;
using ::signet::testing::PollUntil;
using ::signet::testing::StatusIs;
using Lease = CredentialsCache::Lease;

struct Number final : Credentials {
  explicit Number(int number) : value(number) {}
  const int value;
};

// Gives 1, 2, 3, …; fails, blocks and changes as the test says.
class FakeProvider final : public CredentialsProvider {
 public:
  explicit FakeProvider(FakeClock& clock) : clock_(clock) {}

  absl::StatusOr<IssuedCredentials> Fetch(const CallContext& call, const Credentials* previous) override {
    const CancellationWakeup wakeup(call, mutex_, released_);
    MutexLock lock(mutex_);
    ++fetches;
    had_previous = previous != nullptr;
    deadline = call.deadline;
    while (blocked_) {
      if (IsCancelled(call)) return absl::CancelledError("the caller is gone");
      clock_.WaitUntil(mutex_, released_, absl::InfiniteDuration());
    }
    if (!failure.ok()) return failure;
    clock_.Advance(takes);
    changed = false;
    return IssuedCredentials{std::make_shared<Number>(++given_), lifetime};
  }
  bool HasChanged(const Credentials&) override { return changed; }

  void Block() {
    MutexLock lock(mutex_);
    blocked_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    blocked_ = false;
    released_.NotifyAll();
  }

  std::atomic<int> fetches = 0;
  std::atomic<bool> changed = false;
  bool had_previous = false;
  MonotonicTime deadline;
  absl::Status failure;
  absl::Duration lifetime = absl::Seconds(300);
  absl::Duration takes;

 private:
  FakeClock& clock_;
  Mutex mutex_;
  CondVar released_;
  bool blocked_ = false;
  int given_ = 0;
};

class CredentialsCacheTest : public ::testing::Test {
 protected:
  CredentialsCacheTest() {
    auto provider = std::make_unique<FakeProvider>(clock_);
    provider_ = provider.get();
    cache_ = std::make_unique<CredentialsCache>(std::move(provider), CredentialsCacheSettings{}, clock_);
  }
  static int NumberOf(const absl::StatusOr<Lease>& lease) {
    EXPECT_THAT(lease, IsOk());
    return lease.ok() ? lease->As<Number>().value : -1;
  }
  int Get() { return NumberOf(cache_->Get({})); }

  FakeClock clock_;
  FakeProvider* provider_;
  std::unique_ptr<CredentialsCache> cache_;
};

TEST_F(CredentialsCacheTest, FetchesOnceAndKeeps) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(), 1);
  EXPECT_FALSE(provider_->had_previous);
}

TEST_F(CredentialsCacheTest, RefreshesEarlyAndOffersThePreviousForRenewal) {
  EXPECT_EQ(Get(), 1);
  clock_.Advance(absl::Seconds(199));
  EXPECT_EQ(Get(), 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), 2);
  EXPECT_TRUE(provider_->had_previous);
}

TEST_F(CredentialsCacheTest, AnUnexpiredOneSurvivesAFailedRefresh) {
  EXPECT_EQ(Get(), 1);
  provider_->failure = absl::UnavailableError("login is down");
  clock_.Advance(absl::Seconds(299));
  EXPECT_EQ(Get(), 1);
  EXPECT_EQ(provider_->fetches, 2);
  clock_.Advance(absl::Seconds(1));
  const absl::Status expired = cache_->Get({}).status();
  EXPECT_THAT(expired, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(GetFailureClass(expired), FailureClass::kUnreachable);
}

TEST_F(CredentialsCacheTest, ASourceThatHangsDuringAnEarlyRefreshIsLeftAloneForAWhile) {
  EXPECT_EQ(Get(), 1);
  provider_->failure = absl::DeadlineExceededError("no answer in time");
  clock_.Advance(absl::Seconds(200));
  CallContext call;
  call.deadline = clock_.Monotonic() + absl::Seconds(2);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(NumberOf(cache_->Get(call)), 1);
  EXPECT_EQ(provider_->fetches, 2);
}

TEST_F(CredentialsCacheTest, TheLifetimeCountsFromBeforeTheSourceWasAsked) {
  provider_->takes = absl::Seconds(30);
  EXPECT_EQ(Get(), 1);
  provider_->takes = absl::ZeroDuration();
  clock_.Advance(absl::Seconds(170));
  EXPECT_EQ(Get(), 2);
}

TEST_F(CredentialsCacheTest, DoesNotAskAFailingSourceWithEveryCall) {
  EXPECT_EQ(Get(), 1);
  provider_->failure = absl::UnavailableError("login is down");
  clock_.Advance(absl::Seconds(200));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Get(), 1);
  EXPECT_EQ(provider_->fetches, 2);
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Get(), 1);
  EXPECT_EQ(provider_->fetches, 3);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), 1);
  EXPECT_EQ(provider_->fetches, 3) << "the pause doubles";
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), 1);
  EXPECT_EQ(provider_->fetches, 4);
}

TEST_F(CredentialsCacheTest, BecomesReadyWhenTheSourceAppears) {
  provider_->failure = absl::NotFoundError("no token file yet");
  EXPECT_THAT(cache_->Get({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(cache_->Get({}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(provider_->fetches, 1);
  provider_->failure = absl::OkStatus();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get(), 1);
}

TEST_F(CredentialsCacheTest, CountsTheTimeThatTheMachineWasSuspended) {
  EXPECT_EQ(Get(), 1);
  clock_.Suspend(absl::Seconds(400));
  EXPECT_EQ(Get(), 2);
  EXPECT_FALSE(provider_->had_previous) << "expired ones are not renewed";
}

TEST_F(CredentialsCacheTest, FetchesOnceHoweverManyWait) {
  provider_->Block();
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([&] { EXPECT_EQ(Get(), 1); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 8; }));
  provider_->Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(provider_->fetches, 1);
}

TEST_F(CredentialsCacheTest, NobodyWaitsForAnEarlyRefreshButItsOwnCaller) {
  EXPECT_EQ(Get(), 1);
  clock_.Advance(absl::Seconds(200));
  provider_->Block();
  std::thread refresher([&] { EXPECT_EQ(Get(), 2); });
  EXPECT_TRUE(PollUntil([&] { return provider_->fetches == 2; }));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(), 1);
  provider_->Release();
  refresher.join();
}

TEST_F(CredentialsCacheTest, AnEarlyRefreshLeavesHalfOfTheTimeToTheCall) {
  EXPECT_EQ(Get(), 1);
  clock_.Advance(absl::Seconds(200));
  CallContext call;
  call.deadline = clock_.Monotonic() + absl::Seconds(3);
  EXPECT_EQ(NumberOf(cache_->Get(call)), 2);
  EXPECT_EQ(provider_->deadline, clock_.Monotonic() + absl::Milliseconds(1500));
}

TEST_F(CredentialsCacheTest, AWaiterTakesOverWhenTheFetchingCallerGivesUp) {
  provider_->Block();
  CallContext leaving;
  leaving.cancellation = std::make_shared<CancellationToken>();
  std::thread first([&] { EXPECT_THAT(cache_->Get(leaving), StatusIs(absl::StatusCode::kCancelled)); });
  EXPECT_TRUE(PollUntil([&] { return provider_->fetches == 1; }));
  std::thread second([&] { EXPECT_EQ(Get(), 1); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 2; }));
  leaving.cancellation->Cancel();
  first.join();
  EXPECT_TRUE(PollUntil([&] { return provider_->fetches == 2; }));
  provider_->Release();
  second.join();
}

TEST_F(CredentialsCacheTest, AWaiterLeavesAtItsDeadlineOrWhenCancelled) {
  provider_->Block();
  std::thread leader([&] { EXPECT_EQ(Get(), 1); });
  EXPECT_TRUE(PollUntil([&] { return provider_->fetches == 1; }));
  CallContext short_call;
  short_call.deadline = clock_.Monotonic() + absl::Seconds(1);
  std::thread short_waiter(
      [&] { EXPECT_THAT(cache_->Get(short_call), StatusIs(absl::StatusCode::kDeadlineExceeded)); });
  CallContext cancelled_call;
  cancelled_call.cancellation = std::make_shared<CancellationToken>();
  std::thread cancelled_waiter(
      [&] { EXPECT_THAT(cache_->Get(cancelled_call), StatusIs(absl::StatusCode::kCancelled)); });
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 3; }));
  cancelled_call.cancellation->Cancel();
  cancelled_waiter.join();
  clock_.Advance(absl::Seconds(1));
  short_waiter.join();
  provider_->Release();
  leader.join();
}

TEST_F(CredentialsCacheTest, TakesUpAChangedSourceAtOnce) {
  provider_->lifetime = absl::InfiniteDuration();
  EXPECT_EQ(Get(), 1);
  provider_->changed = true;
  EXPECT_EQ(Get(), 2);
  EXPECT_FALSE(provider_->had_previous);
}

TEST_F(CredentialsCacheTest, KeepsTheOldWhenAChangedSourceFails) {
  EXPECT_EQ(Get(), 1);
  provider_->changed = true;
  provider_->failure = absl::PermissionDeniedError("token is open to others");
  EXPECT_EQ(Get(), 1);
}

TEST_F(CredentialsCacheTest, RenewsOnceForAllWhoWereRefused) {
  ASSERT_OK_AND_ASSIGN(const Lease refused, cache_->Get({}));
  clock_.Advance(absl::Seconds(60));
  provider_->Block();
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] { EXPECT_EQ(NumberOf(cache_->Renew({}, refused.generation)), 2); });
  }
  EXPECT_TRUE(PollUntil([&] { return clock_.waiters() == 8; }));
  provider_->Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(provider_->fetches, 2);
  EXPECT_FALSE(provider_->had_previous) << "what was refused is not prolonged";
}

TEST_F(CredentialsCacheTest, RefusalsRightAfterARenewalBringNoOther) {
  ASSERT_OK_AND_ASSIGN(const Lease first, cache_->Get({}));
  ASSERT_OK_AND_ASSIGN(const Lease renewed, cache_->Renew({}, first.generation));
  EXPECT_NE(renewed.generation, first.generation);
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK_AND_ASSIGN(const Lease same, cache_->Renew({}, renewed.generation));
    EXPECT_EQ(same.generation, renewed.generation);
    EXPECT_TRUE(same.is_recent);
  }
  EXPECT_EQ(provider_->fetches, 2);
  clock_.Advance(absl::Seconds(16));
  ASSERT_OK_AND_ASSIGN(const Lease later, cache_->Get({}));
  EXPECT_FALSE(later.is_recent);
  ASSERT_OK_AND_ASSIGN(const Lease again, cache_->Renew({}, renewed.generation));
  EXPECT_NE(again.generation, renewed.generation);
}

TEST_F(CredentialsCacheTest, AFailedRenewalIsNotTriedByEveryCaller) {
  ASSERT_OK_AND_ASSIGN(const Lease refused, cache_->Get({}));
  clock_.Advance(absl::Seconds(60));
  provider_->failure = absl::UnavailableError("login is down");
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(cache_->Renew({}, refused.generation), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_EQ(provider_->fetches, 2);
  EXPECT_EQ(Get(), 1) << "what was not proven bad is still handed out";
}

}  // namespace
}  // namespace signet::kms

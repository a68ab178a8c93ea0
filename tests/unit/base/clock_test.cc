#include "base/clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"

namespace signet {
namespace {

TEST(SystemClockTest, MonotonicNeverGoesBack) {
  const Clock& clock = SystemClock();
  MonotonicTime last = clock.Monotonic();
  for (int i = 0; i < 10000; ++i) {
    const MonotonicTime now = clock.Monotonic();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(SystemClockTest, BootTimeCountsAtLeastWhatMonotonicCounts) {
  const MonotonicTime monotonic = SystemClock().Monotonic();
  EXPECT_GE(SystemClock().BootTime(), monotonic);
}

TEST(SystemClockTest, WallIsTheTimeOfDay) {
  const absl::Time before = absl::Now();
  const absl::Time wall = SystemClock().Wall();
  EXPECT_GE(wall, before - absl::Seconds(1));
  EXPECT_LE(wall, absl::Now() + absl::Seconds(1));
}

TEST(SystemClockTest, BootIdIsNamedAndConstant) {
  EXPECT_NE(SystemClock().BootId(), "");
  EXPECT_EQ(SystemClock().BootId(), SystemClock().BootId());
}

TEST(SystemClockTest, WaitUntilReturnsAtOnceWhenTheDeadlineHasPassed) {
  Mutex mutex;
  CondVar condition;
  MutexLock lock(mutex);
  SystemClock().WaitUntil(mutex, condition, SystemClock().Monotonic() - absl::Seconds(1));
  SystemClock().WaitUntil(mutex, condition, -absl::InfiniteDuration());
}

TEST(SystemClockTest, WaitUntilDoesNotReturnForGoodBeforeTheDeadline) {
  Mutex mutex;
  CondVar condition;
  MutexLock lock(mutex);
  const MonotonicTime deadline = SystemClock().Monotonic() + absl::Milliseconds(20);
  while (SystemClock().Monotonic() < deadline) SystemClock().WaitUntil(mutex, condition, deadline);
  EXPECT_GE(SystemClock().Monotonic(), deadline);
}

// Waits for `ready` with this deadline while another thread sets it.
void WaitForNotification(MonotonicTime deadline) {
  Mutex mutex;
  CondVar condition;
  bool ready = false;
  std::thread notifier([&] {
    MutexLock lock(mutex);
    ready = true;
    condition.NotifyAll();
  });
  {
    MutexLock lock(mutex);
    while (!ready) SystemClock().WaitUntil(mutex, condition, deadline);
  }
  notifier.join();
}

TEST(SystemClockTest, WaitUntilHearsANotificationWithoutADeadline) {
  WaitForNotification(absl::InfiniteDuration());
}

TEST(SystemClockTest, WaitUntilTakesADeadlineInTheFarFuture) {
  WaitForNotification(absl::Hours(24) * 365 * 100000);
}

}  // namespace
}  // namespace signet

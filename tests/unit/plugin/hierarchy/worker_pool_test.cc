#include "plugin/hierarchy/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "plugin/hierarchy/strand.h"
#include "plugin/hierarchy/timer_queue.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/poll.h"

namespace signet {
namespace {

using testing::FakeClock;
using testing::PollUntil;

// A gate that tasks wait at.
class Gate {
 public:
  void Wait() {
    MutexLock lock(mutex_);
    ++waiting_;
    while (!open_) changed_.Wait(mutex_);
  }
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  int waiting() const {
    MutexLock lock(mutex_);
    return waiting_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(WorkerPoolTest, RunsAsManyTasksAtOnceAsItHasThreads) {
  WorkerPool pool(2, 10);
  pool.Start();
  Gate gate;
  for (int i = 0; i < 3; ++i) EXPECT_NE(pool.Submit([&gate] { gate.Wait(); }), 0u);
  ASSERT_TRUE(PollUntil([&] { return gate.waiting() == 2; }));
  EXPECT_EQ(pool.queued(), 1u);
  EXPECT_EQ(pool.running(), 2u);
  gate.Open();
  EXPECT_TRUE(PollUntil([&] { return pool.queued() == 0 && pool.running() == 0; }));
}

TEST(WorkerPoolTest, RefusesWhatDoesNotFitItsQueue) {
  WorkerPool pool(1, 1);
  EXPECT_NE(pool.Submit([] {}), 0u);
  EXPECT_EQ(pool.Submit([] {}), 0u);
}

TEST(WorkerPoolTest, ARemovedTaskNeverRunsAndMakesRoom) {
  WorkerPool pool(1, 1);
  std::atomic<int> ran{0};
  const WorkerPool::Ticket ticket = pool.Submit([&ran] { ++ran; });
  EXPECT_TRUE(pool.Remove(ticket));
  EXPECT_FALSE(pool.Remove(ticket));
  EXPECT_NE(pool.Submit([&ran] { ran += 10; }), 0u);
  pool.Start();
  EXPECT_TRUE(PollUntil([&] { return ran == 10; }));
}

TEST(WorkerPoolTest, StopDropsWhatHasNotBegunAndRefusesMore) {
  std::atomic<int> ran{0};
  WorkerPool pool(1, 10);
  pool.Submit([&ran] { ++ran; });
  pool.Stop();
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(pool.Submit([] {}), 0u);
}

TEST(TimerQueueTest, RunsCallbacksInTheOrderOfTheirTimes) {
  FakeClock clock;
  TimerQueue timers(clock);
  timers.Start();
  Mutex mutex;
  std::vector<int> order;
  const auto add = [&](int value) {
    return [&order, &mutex, value] {
      MutexLock lock(mutex);
      order.push_back(value);
    };
  };
  const MonotonicTime now = clock.Monotonic();
  timers.Schedule(now + absl::Seconds(2), add(2));
  timers.Schedule(now + absl::Seconds(1), add(1));
  timers.Schedule(now + absl::Seconds(3), add(3));
  EXPECT_TRUE(PollUntil([&] {
    clock.Advance(absl::Seconds(1));
    MutexLock lock(mutex);
    return order.size() == 3;
  }));
  MutexLock lock(mutex);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(TimerQueueTest, NothingRunsBeforeItsTime) {
  FakeClock clock;
  TimerQueue timers(clock);
  std::atomic<bool> early{false}, due{false};
  timers.Schedule(clock.Monotonic() + absl::Seconds(11), [&] { early = true; });
  timers.Schedule(clock.Monotonic() + absl::Seconds(10), [&] { due = true; });
  timers.Start();
  ASSERT_TRUE(PollUntil([&] { return clock.waiters() == 1; }));
  clock.Advance(absl::Seconds(10));
  ASSERT_TRUE(PollUntil([&] { return due && clock.waiters() == 1; }));
  EXPECT_FALSE(early);
}

TEST(TimerQueueTest, ACancelledOneNeverRuns) {
  FakeClock clock;
  TimerQueue timers(clock);
  std::atomic<bool> cancelled{false}, other{false};
  const TimerQueue::TimerId id =
      timers.Schedule(clock.Monotonic() + absl::Seconds(1), [&] { cancelled = true; });
  timers.Schedule(clock.Monotonic() + absl::Seconds(1), [&] { other = true; });
  timers.Cancel(id);
  timers.Cancel(id);
  timers.Start();
  clock.Advance(absl::Seconds(1));
  ASSERT_TRUE(PollUntil([&] { return other.load(); }));
  EXPECT_FALSE(cancelled);
}

TEST(TimerQueueTest, AnEarlierOneOvertakesTheOneItWaitsFor) {
  FakeClock clock;
  TimerQueue timers(clock);
  timers.Start();
  timers.Schedule(clock.Monotonic() + absl::Hours(1), [] {});
  ASSERT_TRUE(PollUntil([&] { return clock.waiters() == 1; }));
  std::atomic<bool> ran{false};
  timers.Schedule(clock.Monotonic(), [&] { ran = true; });
  EXPECT_TRUE(PollUntil([&] { return ran.load(); }));
}

class StrandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    timers_.Start();
    pool_.Start();
  }
  FakeClock clock_;
  TimerQueue timers_{clock_};
  WorkerPool pool_{4, 64};
};

TEST_F(StrandTest, AKickDuringAStepRunsItOnceMore) {
  Gate gate;
  std::atomic<int> steps{0};
  Strand strand(
      [&] {
        ++steps;
        gate.Wait();
        return absl::InfiniteDuration();
      },
      pool_, timers_, clock_);
  strand.Kick();
  ASSERT_TRUE(PollUntil([&] { return gate.waiting() == 1; }));
  for (int i = 0; i < 5; ++i) strand.Kick();
  EXPECT_EQ(steps, 1);
  gate.Open();
  EXPECT_TRUE(PollUntil([&] { return steps == 2 && pool_.running() == 0; }));
  EXPECT_EQ(steps, 2);
  pool_.Stop();
}

TEST_F(StrandTest, RunsAgainWhenTheTimeItNamedHasPassed) {
  std::atomic<int> steps{0};
  Strand strand(
      [&] {
        ++steps;
        return absl::Seconds(5);
      },
      pool_, timers_, clock_);
  strand.Kick();
  ASSERT_TRUE(PollUntil([&] { return steps == 1 && pool_.running() == 0; }));
  clock_.Advance(absl::Seconds(5));
  EXPECT_TRUE(PollUntil([&] { return steps == 2; }));
  strand.Stop();
  timers_.Stop();
  pool_.Stop();
}

TEST_F(StrandTest, NoStepBeginsAfterStop) {
  std::atomic<int> steps{0};
  Strand strand(
      [&] {
        ++steps;
        return absl::ZeroDuration();
      },
      pool_, timers_, clock_);
  strand.Stop();
  strand.Kick();
  timers_.Stop();
  pool_.Stop();
  EXPECT_EQ(steps, 0);
}

}  // namespace
}  // namespace signet

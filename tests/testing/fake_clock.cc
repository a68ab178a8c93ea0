#include "tests/testing/fake_clock.h"

#include <vector>

namespace signet::testing {

MonotonicTime FakeClock::Monotonic() const {
  MutexLock lock(mutex_);
  return monotonic_;
}

absl::Duration FakeClock::BootTime() const {
  MutexLock lock(mutex_);
  return boot_;
}

absl::Time FakeClock::Wall() const {
  MutexLock lock(mutex_);
  return wall_;
}

void FakeClock::WaitUntil(Mutex& mutex, CondVar& condition, MonotonicTime deadline) const {
  std::list<Waiter>::iterator self;
  {
    MutexLock lock(mutex_);
    if (monotonic_ >= deadline) return;
    self = waiters_.insert(waiters_.end(), Waiter{&mutex, &condition});
  }
  condition.Wait(mutex);
  MutexLock lock(mutex_);
  waiters_.erase(self);
}

void FakeClock::Advance(absl::Duration by) {
  {
    MutexLock lock(mutex_);
    monotonic_ += by;
    boot_ += by;
    wall_ += by;
  }
  // A waiter holds its own mutex from the check of the time until it sleeps, so taking that mutex here makes
  // sure that it either saw the new time or is asleep and hears the notification. The list may change in
  // between, hence one at a time, and those that were there at the start only.
  std::vector<Waiter> waiters;
  {
    MutexLock lock(mutex_);
    waiters.assign(waiters_.begin(), waiters_.end());
  }
  for (const Waiter& waiter : waiters) {
    MutexLock lock(*waiter.mutex);
    waiter.condition->NotifyAll();
  }
}

void FakeClock::JumpWall(absl::Duration by) {
  MutexLock lock(mutex_);
  wall_ += by;
}

void FakeClock::Suspend(absl::Duration by) {
  MutexLock lock(mutex_);
  boot_ += by;
  wall_ += by;
}

size_t FakeClock::waiters() const {
  MutexLock lock(mutex_);
  return waiters_.size();
}

}  // namespace signet::testing

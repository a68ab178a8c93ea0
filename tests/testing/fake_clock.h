// FakeClock: time stands still until a test moves it; waits under it end when their deadline is passed.
#ifndef SIGNET_TESTS_TESTING_FAKE_CLOCK_H_
#define SIGNET_TESTS_TESTING_FAKE_CLOCK_H_

#include <cstddef>
#include <list>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"

namespace signet::testing {

// Thread-safe. Do not call Advance with a lock held that a waiter waits with.
class FakeClock final : public Clock {
 public:
  FakeClock() = default;

  MonotonicTime Monotonic() const override;
  absl::Duration BootTime() const override;
  absl::Time Wall() const override;
  const std::string& BootId() const override { return boot_id_; }
  void WaitUntil(Mutex& mutex, CondVar& condition, MonotonicTime deadline) const override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Moves all three readings and wakes every waiter.
  void Advance(absl::Duration by);
  // Moves only the wall clock, as an operator or NTP would.
  void JumpWall(absl::Duration by);
  // Moves boot time and wall time but not the monotonic clock, as a suspended machine would.
  void Suspend(absl::Duration by);
  // Before anything uses the clock: another boot of the machine.
  void SetBootId(std::string boot_id) { boot_id_ = std::move(boot_id); }

  // Threads now blocked in WaitUntil; lets a test poll until its subject has gone to sleep.
  size_t waiters() const;

 private:
  struct Waiter {
    Mutex* mutex;
    CondVar* condition;
  };

  mutable Mutex mutex_;
  absl::Duration monotonic_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(1000);
  absl::Duration boot_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(2000);
  absl::Time wall_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1700000000);
  mutable std::list<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
  std::string boot_id_ = "boot-1";
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FAKE_CLOCK_H_

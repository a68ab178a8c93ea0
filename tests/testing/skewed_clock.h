// SkewedClock: the machine's clock, with the wall clock set wrong or a suspension behind it, for tests whose
// other side runs in real time.
#ifndef SIGNET_TESTS_TESTING_SKEWED_CLOCK_H_
#define SIGNET_TESTS_TESTING_SKEWED_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"

namespace signet::testing {

// Thread-safe.
class SkewedClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override { return SystemClock().Monotonic(); }
  absl::Duration BootTime() const override {
    return SystemClock().BootTime() + absl::Seconds(suspended_seconds_.load());
  }
  absl::Time Wall() const override { return SystemClock().Wall() + absl::Seconds(wall_seconds_.load()); }
  const std::string& BootId() const override { return SystemClock().BootId(); }
  void WaitUntil(Mutex& mutex, CondVar& condition, MonotonicTime deadline) const override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    SystemClock().WaitUntil(mutex, condition, deadline);
  }

  // The wall clock goes wrong by so much; whole seconds.
  void SkewWall(absl::Duration by) { wall_seconds_ += absl::ToInt64Seconds(by); }
  // The machine slept so long; whole seconds. The wall clock is not told.
  void Suspend(absl::Duration by) { suspended_seconds_ += absl::ToInt64Seconds(by); }

 private:
  std::atomic<int64_t> wall_seconds_ = 0;
  std::atomic<int64_t> suspended_seconds_ = 0;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_SKEWED_CLOCK_H_

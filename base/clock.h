// Clock: the only source of time, passed in through constructors so that tests can hold and move it.
//
// Three readings with different promises:
//   Monotonic()  deadlines and intervals within this process; stops while the machine is suspended.
//   BootTime()   time since boot, suspended time included; comparable only under the same BootId().
//   Wall()       for people, for stored timestamps and for comparison across boots; can jump.
// Thread-safe. No method but WaitUntil blocks.
#ifndef SIGNET_BASE_CLOCK_H_
#define SIGNET_BASE_CLOCK_H_

#include <string>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace signet {

// Time since an arbitrary start, as Clock::Monotonic() counts it.
using MonotonicTime = absl::Duration;

class Clock {
 public:
  virtual ~Clock() = default;

  virtual MonotonicTime Monotonic() const = 0;
  virtual absl::Duration BootTime() const = 0;
  virtual absl::Time Wall() const = 0;

  // Names this boot of the machine; never empty, constant while the process lives.
  virtual const std::string& BootId() const = 0;

  // Blocks until notified, until Monotonic() >= deadline, or spuriously. absl::InfiniteDuration() waits for
  // a notification only. The caller holds `mutex` and checks its own condition in a loop.
  virtual void WaitUntil(Mutex& mutex, CondVar& condition, MonotonicTime deadline) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;
};

// The machine's clock. The reference lives as long as the process.
const Clock& SystemClock();

}  // namespace signet

#endif  // SIGNET_BASE_CLOCK_H_

// StopSignal: tells threads to end, and wakes those that pause.
#ifndef SIGNET_TESTS_SOAK_STOP_SIGNAL_H_
#define SIGNET_TESTS_SOAK_STOP_SIGNAL_H_

#include <chrono>

#include "base/mutex.h"

namespace signet::soak {

// Thread-safe.
class StopSignal {
 public:
  void Stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    condition_.NotifyAll();
  }
  bool stopped() const {
    MutexLock lock(mutex_);
    return stopped_;
  }
  // Returns early, and true, once stopped.
  bool Pause(std::chrono::microseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    MutexLock lock(mutex_);
    while (!stopped_) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= left.zero()) break;
      condition_.WaitFor(mutex_, left);
    }
    return stopped_;
  }

 private:
  mutable Mutex mutex_;
  CondVar condition_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_STOP_SIGNAL_H_

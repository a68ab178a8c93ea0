// Retry: when something that failed may be tried again. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_RETRY_H_
#define SIGNET_PLUGIN_HIERARCHY_RETRY_H_

#include <algorithm>

#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "plugin/hierarchy/backoff.h"

namespace signet {

class Retry {
 public:
  // Both outlive the object.
  Retry(const Clock& clock, crypto::RandomSource& random) : clock_(clock), backoff_(random) {}

  bool Allowed() const { return clock_.Monotonic() >= not_before_; }
  absl::Duration Wait() const { return std::max(not_before_ - clock_.Monotonic(), absl::ZeroDuration()); }
  void Succeeded() {
    backoff_.Reset();
    not_before_ = -absl::InfiniteDuration();
  }
  // Returns the wait: doubling, jittered, at most `longest`.
  absl::Duration Failed(absl::Duration longest) {
    const absl::Duration wait = backoff_.Next(longest);
    not_before_ = clock_.Monotonic() + wait;
    return wait;
  }

 private:
  const Clock& clock_;
  Backoff backoff_;
  MonotonicTime not_before_ = -absl::InfiniteDuration();
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_RETRY_H_

// RateLimiter: lets a burst of equal log lines through, then a few a second, and counts the rest.
// Thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_OBSERVABILITY_RATE_LIMITER_H_
#define SIGNET_PLUGIN_OBSERVABILITY_RATE_LIMITER_H_

#include <cstdint>
#include <map>
#include <optional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace signet {

class RateLimiter {
 public:
  struct Options {
    double burst = 20;
    double per_second = 2;
  };

  RateLimiter(const Options& options, const Clock& clock) : options_(options), clock_(clock) {}

  // Events of one `kind` share a bucket; the caller's kinds are few. Nothing: leave this event out. Else how
  // many of its kind were left out since the last that was not.
  std::optional<uint64_t> Admit(int kind);

 private:
  struct Bucket {
    double tokens;
    MonotonicTime filled;
    uint64_t left_out = 0;
  };

  const Options options_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<int, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_OBSERVABILITY_RATE_LIMITER_H_

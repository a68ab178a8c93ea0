#include "plugin/observability/rate_limiter.h"

#include <algorithm>
#include <utility>

namespace signet {

std::optional<uint64_t> RateLimiter::Admit(int kind) {
  const MonotonicTime now = clock_.Monotonic();
  MutexLock lock(mutex_);
  Bucket& bucket = buckets_.try_emplace(kind, Bucket{options_.burst, now}).first->second;
  const double seconds = absl::ToDoubleSeconds(now - bucket.filled);
  bucket.tokens = std::min(options_.burst, bucket.tokens + seconds * options_.per_second);
  bucket.filled = now;
  if (bucket.tokens < 1) {
    ++bucket.left_out;
    return std::nullopt;
  }
  bucket.tokens -= 1;
  return std::exchange(bucket.left_out, 0);
}

}  // namespace signet

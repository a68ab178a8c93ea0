// Rhythm: something that is done again and again, with jitter, so that replicas do not ask in step. Not
// thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_RHYTHM_H_
#define SIGNET_PLUGIN_HIERARCHY_RHYTHM_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace signet {

class Rhythm {
 public:
  // Every `interval`, more or less by up to `jitter` of it (0 to 1). Due at once. Both references outlive the
  // object.
  Rhythm(absl::Duration interval, double jitter, const Clock& clock, crypto::RandomSource& random)
      : interval_(interval), jitter_(jitter), clock_(clock), random_(random) {}

  bool Due() const { return clock_.Monotonic() >= next_; }
  MonotonicTime next() const { return next_; }
  void Soon() { next_ = clock_.Monotonic(); }
  void At(MonotonicTime when) { next_ = when; }
  // It was done: the next time is an interval away.
  void Done() { next_ = clock_.Monotonic() + Jittered(); }

 private:
  absl::Duration Jittered() {
    std::array<uint8_t, 2> bytes{};
    // Without randomness the longest wait: asking less is always allowed.
    if (!random_.Fill(absl::MakeSpan(bytes)).ok()) return interval_ * (1 + jitter_);
    const double share = (bytes[0] * 256.0 + bytes[1]) / 65536.0;
    return interval_ * (1 + jitter_ * (2 * share - 1));
  }

  const absl::Duration interval_;
  const double jitter_;
  const Clock& clock_;
  crypto::RandomSource& random_;
  MonotonicTime next_ = -absl::InfiniteDuration();
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_RHYTHM_H_

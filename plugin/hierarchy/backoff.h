// Backoff: how long to wait before the next attempt: doubling, with jitter, so that replicas that failed
// together do not come back together. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_BACKOFF_H_
#define SIGNET_PLUGIN_HIERARCHY_BACKOFF_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "crypto/random.h"

namespace signet {

class Backoff {
 public:
  static constexpr absl::Duration kFirst = absl::Milliseconds(200);

  // `random` outlives the object.
  explicit Backoff(crypto::RandomSource& random) : random_(random) {}

  // Between a half and the whole of min(kFirst * 2^n, longest), n counting the calls since Reset.
  absl::Duration Next(absl::Duration longest) {
    const absl::Duration whole = std::min(next_, longest);
    next_ = std::min(next_ * 2, absl::Hours(24));
    std::array<uint8_t, 2> bytes{};
    // Without randomness the whole: later is always allowed.
    if (!random_.Fill(absl::MakeSpan(bytes)).ok()) return whole;
    const double share = (bytes[0] * 256.0 + bytes[1]) / 65536.0;
    return whole * (0.5 + share / 2);
  }
  void Reset() { next_ = kFirst; }

 private:
  crypto::RandomSource& random_;
  absl::Duration next_ = kFirst;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_BACKOFF_H_

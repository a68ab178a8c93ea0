// What repeated bad records may cost: final refusals are remembered for a short while, and failed unwraps are
// limited in number. Successful ones never are, so that a cold start is never throttled.
//
// Not thread-safe (their owner's lock guards them); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_REFUSALS_H_
#define SIGNET_PLUGIN_HIERARCHY_REFUSALS_H_

#include <cstddef>
#include <deque>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/record.h"

namespace signet {

// Remembers final answers only: a wrong MAC, a blob that the KMS calls bad.
class RefusalCache {
 public:
  static constexpr size_t kMaxEntries = 1024;
  static constexpr absl::Duration kTimeToLive = absl::Seconds(30);

  // Over the bound the oldest is forgotten.
  void Add(const crypto::LocalKekId& id, absl::Status refusal, MonotonicTime now);
  // OK when nothing is remembered about `id`.
  absl::Status Find(const crypto::LocalKekId& id, MonotonicTime now);
  // After a reload or a change of the keyring.
  void Clear();
  size_t size() const { return by_id_.size(); }

 private:
  struct Refusal {
    absl::Status status;
    MonotonicTime expires;
  };
  void DropExpired(MonotonicTime now);

  absl::flat_hash_map<crypto::LocalKekId, Refusal> by_id_;
  std::deque<crypto::LocalKekId> oldest_first_;
};

// A bucket of allowed failures: kBurst at once, refilled at one per second.
class FailureLimiter {
 public:
  static constexpr double kBurst = 100;
  static constexpr double kPerSecond = 1;

  bool Allows(MonotonicTime now);
  void CountFailure(MonotonicTime now);

 private:
  void Refill(MonotonicTime now);

  double left_ = kBurst;
  MonotonicTime refilled_ = absl::ZeroDuration();
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_REFUSALS_H_

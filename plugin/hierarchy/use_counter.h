// UseCounter: how often the active local KEK has encrypted, and how often it may before more is durably
// reserved. So after a crash no use is ever counted twice as the same one.
//
// Thread-safe; nothing blocks beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_USE_COUNTER_H_
#define SIGNET_PLUGIN_HIERARCHY_USE_COUNTER_H_

#include <cstdint>

#include "base/mutex.h"

namespace signet {

class UseCounter {
 public:
  // Uses are reserved in blocks of this size, ahead of use.
  static constexpr uint64_t kBlock = uint64_t{1} << 16;

  // `used` of `max_uses` have happened or must be taken to have; `reserved`, not fewer, may happen.
  UseCounter(uint64_t used, uint64_t reserved, uint64_t max_uses);

  enum class Grant {
    kRefused,  // nothing reserved is left, max_uses is reached, or the counter is closed
    kGranted,
    kGrantedAttention,  // granted, and NeedsReservation or NeedsRenewal has just become true
  };
  Grant Take();

  // Half of the last block is used and there are more to come.
  bool NeedsReservation() const;
  // What `reserved` becomes with the next block.
  uint64_t NextReserved() const;
  // `reserved` is durable.
  void Extend(uint64_t reserved);
  // The next block could not be made durable.
  void ReservationFailed();

  // Two thirds of max_uses are used, or three quarters of the last block and the next could not be reserved.
  bool NeedsRenewal() const;
  // True while Take() would grant.
  bool Usable() const;

  // Refuses from now on; returns the uses so far.
  uint64_t Close();
  uint64_t used() const;
  // Until max_uses.
  uint64_t left() const;

 private:
  uint64_t Left() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return reserved_ - used_; }
  bool NeedsReservationLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool NeedsRenewalLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t max_uses_;
  mutable Mutex mutex_;
  uint64_t used_ ABSL_GUARDED_BY(mutex_);
  uint64_t reserved_ ABSL_GUARDED_BY(mutex_);
  bool reservation_failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_USE_COUNTER_H_

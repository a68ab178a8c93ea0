// UseReservation: keeps uses of the active key reserved on the disk, ahead of need. Apart from the making of
// keys, so that a hanging KMS does not hold up a disk write. Thread-safe; nothing blocks its callers.
#ifndef SIGNET_PLUGIN_HIERARCHY_USE_RESERVATION_H_
#define SIGNET_PLUGIN_HIERARCHY_USE_RESERVATION_H_

#include <functional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/backoff.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/state_store.h"
#include "plugin/hierarchy/strand.h"

namespace signet {

class UseReservation {
 public:
  // `on_renewal_needed` runs on a worker when the block runs out and cannot be made longer. All references
  // outlive the object; pool and timers stop before it is destroyed.
  UseReservation(StateStore& store, const ActiveKeySlot& slot, WorkerPool& pool, TimerQueue& timers,
                 const Clock& clock, crypto::RandomSource& random, HierarchyObserver& observer,
                 std::function<void()> on_renewal_needed);

  // The active key's uses want looking at.
  void Attend() { strand_.Kick(); }
  void Stop() { strand_.Stop(); }

 private:
  absl::Duration Step();

  StateStore& store_;
  const ActiveKeySlot& slot_;
  HierarchyObserver& observer_;
  const std::function<void()> on_renewal_needed_;
  Backoff backoff_;  // touched by the strand only
  Strand strand_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_USE_RESERVATION_H_

// Prewarm: unwraps the journal's records ahead of need, newest first, slowly, and never while a caller's own
// unwrap waits for a worker.
//
// Thread-safe. Begin and Stop do not block; the work runs on the reserved workers.
#ifndef SIGNET_PLUGIN_HIERARCHY_PREWARM_H_
#define SIGNET_PLUGIN_HIERARCHY_PREWARM_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/backoff.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/strand.h"
#include "plugin/hierarchy/unwrap_flights.h"

namespace signet {

class Prewarm {
 public:
  // 50 a second at most.
  static constexpr absl::Duration kInterval = absl::Milliseconds(20);

  // `newest_first`: the journal as it was loaded. All references outlive the object; pool and timers stop
  // before it is destroyed.
  Prewarm(std::vector<std::string> newest_first, UnwrapFlights& flights, const ActiveKeySlot& slot,
          WorkerPool& reserved, TimerQueue& timers, const Clock& clock, crypto::RandomSource& random,
          HierarchyObserver& observer);

  void Begin() { strand_.Kick(); }
  void Stop() { strand_.Stop(); }

 private:
  absl::Duration Step();

  // Touched by the strand only.
  const std::vector<std::string> records_;
  size_t next_ = 0;
  size_t unwrapped_ = 0;
  size_t failed_ = 0;
  Backoff backoff_;

  UnwrapFlights& flights_;
  const ActiveKeySlot& slot_;
  HierarchyObserver& observer_;
  Strand strand_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_PREWARM_H_

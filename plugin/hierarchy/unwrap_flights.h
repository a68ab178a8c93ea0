// UnwrapFlights: one remote unwrap per local KEK id, however many callers wait for it. Fills the cache and
// the journal; remembers final refusals.
//
// Thread-safe. Load never blocks on the KMS: it answers through its callback, each waiter at its own deadline
// at the latest. LoadNow blocks for one unwrap and must not run on an RPC thread.
#ifndef SIGNET_PLUGIN_HIERARCHY_UNWRAP_FLIGHTS_H_
#define SIGNET_PLUGIN_HIERARCHY_UNWRAP_FLIGHTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "crypto/record.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/journal.h"
#include "plugin/hierarchy/kek_cache.h"
#include "plugin/hierarchy/record_unwrapper.h"
#include "plugin/hierarchy/refusals.h"
#include "plugin/hierarchy/timer_queue.h"
#include "plugin/hierarchy/worker_pool.h"

namespace signet {

class UnwrapFlights {
 public:
  struct Options {
    size_t max_waiting = 4096;
    absl::Duration remote_call_timeout = absl::Milliseconds(2500);
    bool journals = true;  // what callers asked for
  };
  // Everything referred to outlives the object; pool and timers stop before it is destroyed.
  UnwrapFlights(Options options, const RecordUnwrapper& unwrapper, KekCache& cache, Journal& journal,
                WorkerPool& pool, TimerQueue& timers, const Clock& clock, HierarchyObserver& observer);

  struct Request {
    crypto::LocalKekId id{};
    absl::string_view record_bytes;  // borrowed during the call
    const crypto::Record* record;    // parsed; borrowed during the call
    absl::string_view uid;
    MonotonicTime deadline = absl::InfiniteDuration();
    std::shared_ptr<CancellationToken> cancellation;  // may be null
  };
  using Callback = std::function<void(absl::StatusOr<std::shared_ptr<const VerifiedKek>>)>;

  // `callback` runs exactly once and must not block: on this thread (cached, refused, no room), on a worker,
  // on the timer thread (DEADLINE_EXCEEDED) or inside Cancel (CANCELLED). When the last waiter has gone, the
  // remote call is cancelled. RESOURCE_EXHAUSTED: too many wait, or too many unwraps failed lately.
  void Load(const Request& request, Callback callback);

  // For records that nobody waits for yet: unwraps on this thread unless cached or in flight; others may
  // join.
  absl::Status LoadNow(const crypto::LocalKekId& id, absl::string_view record_bytes,
                       const crypto::Record& record);

  // Cached or in flight.
  bool Knows(const crypto::LocalKekId& id) const;

  // What was refused may be good by now: a keyring has changed, or an operator says so.
  void ForgetRefusals();

  // Answers every waiter with CANCELLED and cancels the remote calls. Later Loads are refused likewise.
  void Stop();

  // Flights that wait for a worker.
  size_t queued() const { return pool_.queued(); }
  size_t waiting() const;

 private:
  struct Waiter {
    Callback callback;
    TimerQueue::TimerId timer = 0;
    std::shared_ptr<CancellationToken> cancellation;
    CancellationToken::CallbackId cancel_id = 0;
  };
  struct Flight;
  using WaiterId = uint64_t;
  using FlightPtr = std::shared_ptr<Flight>;

  absl::StatusOr<std::shared_ptr<const VerifiedKek>> FindAnswer(const crypto::LocalKekId& id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `joined` says whether the flight was there already.
  absl::StatusOr<FlightPtr> JoinOrStart(const Request& request, bool& joined)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  WaiterId AddWaiter(const FlightPtr& flight, const Request& request, Callback callback)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  FlightPtr MakeFlight(const crypto::LocalKekId& id, absl::string_view record_bytes,
                       const crypto::Record& record);
  void WatchCancellation(const FlightPtr& flight, WaiterId waiter_id,
                         const std::shared_ptr<CancellationToken>& token);
  absl::Status Run(const FlightPtr& flight);
  void Learn(const Flight& flight, const absl::StatusOr<std::shared_ptr<const VerifiedKek>>& result,
             uint64_t epoch);
  // Takes one waiter out, whoever gets there first answers it; cancels the flight when it was the last.
  void Leave(const FlightPtr& flight, WaiterId waiter_id, absl::Status status, bool from_token);
  void Answer(Waiter& waiter, absl::StatusOr<std::shared_ptr<const VerifiedKek>> result, bool from_token);

  const Options options_;
  const RecordUnwrapper& unwrapper_;
  KekCache& cache_;
  Journal& journal_;
  WorkerPool& pool_;
  TimerQueue& timers_;
  const Clock& clock_;
  HierarchyObserver& observer_;

  mutable Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  WaiterId next_waiter_ ABSL_GUARDED_BY(mutex_) = 1;
  absl::flat_hash_map<crypto::LocalKekId, FlightPtr> flights_ ABSL_GUARDED_BY(mutex_);
  RefusalCache refusals_ ABSL_GUARDED_BY(mutex_);
  FailureLimiter failures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_UNWRAP_FLIGHTS_H_

#include "plugin/hierarchy/unwrap_flights.h"

#include <utility>

namespace signet {

// Guarded by the owner's lock, but for what never changes after it is made.
struct UnwrapFlights::Flight {
  crypto::LocalKekId id{};
  std::string record_bytes;
  crypto::Record record;
  std::string uid;  // of the first waiter
  std::shared_ptr<CancellationToken> cancellation = std::make_shared<CancellationToken>();
  bool background = false;  // goes on without waiters

  std::map<WaiterId, Waiter> waiters;
  WorkerPool::Ticket ticket = 0;
  bool abandoned = false;
};

UnwrapFlights::UnwrapFlights(Options options, const RecordUnwrapper& unwrapper, KekCache& cache,
                             Journal& journal, WorkerPool& pool, TimerQueue& timers, const Clock& clock,
                             HierarchyObserver& observer)
    : options_(options),
      unwrapper_(unwrapper),
      cache_(cache),
      journal_(journal),
      pool_(pool),
      timers_(timers),
      clock_(clock),
      observer_(observer) {}

size_t UnwrapFlights::waiting() const {
  MutexLock lock(mutex_);
  return waiting_;
}

bool UnwrapFlights::Knows(const crypto::LocalKekId& id) const {
  MutexLock lock(mutex_);
  return cache_.Contains(id) || flights_.contains(id);
}

// Under the lock that also ends flights, after they have filled the cache: so between two looks, cache and
// flights, nothing can slip through and be unwrapped twice.
absl::StatusOr<std::shared_ptr<const VerifiedKek>> UnwrapFlights::FindAnswer(const crypto::LocalKekId& id) {
  if (stopped_) return absl::CancelledError("signetd is stopping");
  if (std::shared_ptr<const VerifiedKek> kek = cache_.Find(id); kek != nullptr) return kek;
  const absl::Status refusal = refusals_.Find(id, clock_.Monotonic());
  if (!refusal.ok()) return refusal;
  return nullptr;
}

UnwrapFlights::FlightPtr UnwrapFlights::MakeFlight(const crypto::LocalKekId& id,
                                                   absl::string_view record_bytes,
                                                   const crypto::Record& record) {
  FlightPtr flight = std::make_shared<Flight>();
  flight->id = id;
  flight->record_bytes.assign(record_bytes.data(), record_bytes.size());
  flight->record = record;
  return flight;
}

absl::StatusOr<UnwrapFlights::FlightPtr> UnwrapFlights::JoinOrStart(const Request& request, bool& joined) {
  if (waiting_ >= options_.max_waiting)
    return absl::ResourceExhaustedError("too many calls wait for the KMS");
  if (const auto found = flights_.find(request.id); found != flights_.end()) {
    joined = true;
    return found->second;
  }
  if (!failures_.Allows(clock_.Monotonic()) && !journal_.Contains(request.id)) {
    return absl::ResourceExhaustedError("too many records failed to open lately");
  }
  FlightPtr flight = MakeFlight(request.id, request.record_bytes, *request.record);
  flight->uid.assign(request.uid.data(), request.uid.size());
  flight->ticket = pool_.Submit([this, flight] { (void)Run(flight); });
  if (flight->ticket == 0) return absl::ResourceExhaustedError("too many calls wait for the KMS");
  flights_[request.id] = flight;
  return flight;
}

UnwrapFlights::WaiterId UnwrapFlights::AddWaiter(const FlightPtr& flight, const Request& request,
                                                 Callback callback) {
  const WaiterId waiter_id = next_waiter_++;
  Waiter& waiter = flight->waiters[waiter_id];
  waiter.callback = std::move(callback);
  waiter.cancellation = request.cancellation;
  waiter.timer = timers_.Schedule(request.deadline, [this, flight, waiter_id] {
    Leave(flight, waiter_id, absl::DeadlineExceededError("the KMS did not answer in time"), false);
  });
  ++waiting_;
  return waiter_id;
}

void UnwrapFlights::Load(const Request& request, Callback callback) {
  if (clock_.Monotonic() >= request.deadline) {
    callback(absl::DeadlineExceededError("the call's deadline has passed"));
    return;
  }
  // Nobody wants the answer: the KMS need not be asked.
  if (request.cancellation != nullptr && request.cancellation->cancelled()) {
    callback(absl::CancelledError("the call was cancelled"));
    return;
  }
  absl::StatusOr<std::shared_ptr<const VerifiedKek>> answer = nullptr;
  FlightPtr flight;
  WaiterId waiter_id = 0;
  bool joined = false;
  bool refused = false;
  {
    MutexLock lock(mutex_);
    answer = FindAnswer(request.id);
    refused = !answer.ok() && !stopped_;
    if (answer.ok() && *answer == nullptr) {
      if (absl::StatusOr<FlightPtr> found = JoinOrStart(request, joined); found.ok()) {
        flight = *std::move(found);
        waiter_id = AddWaiter(flight, request, std::move(callback));
      } else {
        answer = std::move(found).status();
      }
    }
  }
  if (flight == nullptr) {
    if (refused) observer_.OnCache(HierarchyObserver::CacheEvent::kNegativeHit);
    // It was moved only where there is a flight. NOLINTNEXTLINE(bugprone-use-after-move)
    callback(std::move(answer));
    return;
  }
  observer_.OnCache(joined ? HierarchyObserver::CacheEvent::kJoinedFlight
                           : HierarchyObserver::CacheEvent::kMiss);
  if (request.cancellation != nullptr) WatchCancellation(flight, waiter_id, request.cancellation);
}

void UnwrapFlights::WatchCancellation(const FlightPtr& flight, WaiterId waiter_id,
                                      const std::shared_ptr<CancellationToken>& token) {
  const CancellationToken::CallbackId cancel_id = token->OnCancel([this, flight, waiter_id] {
    Leave(flight, waiter_id, absl::CancelledError("the call was cancelled"), true);
  });
  if (cancel_id == 0) return;
  {
    MutexLock lock(mutex_);
    if (const auto waiter = flight->waiters.find(waiter_id); waiter != flight->waiters.end()) {
      waiter->second.cancel_id = cancel_id;
      return;
    }
  }
  // Answered in between.
  token->RemoveCallback(cancel_id);
}

void UnwrapFlights::Leave(const FlightPtr& flight, WaiterId waiter_id, absl::Status status, bool from_token) {
  Waiter waiter;
  bool cancel = false;
  {
    MutexLock lock(mutex_);
    const auto found = flight->waiters.find(waiter_id);
    if (found == flight->waiters.end()) return;
    waiter = std::move(found->second);
    flight->waiters.erase(found);
    --waiting_;
    if (flight->waiters.empty() && !flight->background) {
      cancel = true;
      flight->abandoned = true;
      pool_.Remove(flight->ticket);
      if (const auto current = flights_.find(flight->id);
          current != flights_.end() && current->second == flight) {
        flights_.erase(current);
      }
    }
  }
  if (cancel) flight->cancellation->Cancel();
  Answer(waiter, std::move(status), from_token);
}

void UnwrapFlights::Answer(Waiter& waiter, absl::StatusOr<std::shared_ptr<const VerifiedKek>> result,
                           bool from_token) {
  timers_.Cancel(waiter.timer);
  if (!from_token && waiter.cancel_id != 0) waiter.cancellation->RemoveCallback(waiter.cancel_id);
  waiter.callback(std::move(result));
}

absl::Status UnwrapFlights::Run(const FlightPtr& flight) {
  {
    MutexLock lock(mutex_);
    if (flight->abandoned) return absl::CancelledError("nobody waits any more");
  }
  kms::CallContext call;
  call.deadline = clock_.Monotonic() + options_.remote_call_timeout;
  call.cancellation = flight->cancellation;
  call.uid = flight->uid;
  absl::StatusOr<std::shared_ptr<const VerifiedKek>> result = nullptr;
  // What a purge drops while the KMS is asked stays out.
  const uint64_t epoch = cache_.epoch();
  if (auto kek = unwrapper_.Unwrap(flight->record_bytes, flight->record, call); kek.ok()) {
    result =
        std::make_shared<VerifiedKek>(VerifiedKek{flight->record.key_id, flight->record.created_unix_seconds,
                                                  *std::move(kek), NamesIn(flight->record)});
  } else {
    result = kek.status();
  }
  Learn(*flight, result, epoch);

  std::map<WaiterId, Waiter> waiters;
  {
    MutexLock lock(mutex_);
    if (RecordUnwrapper::IsFinal(result.status())) {
      refusals_.Add(flight->id, RecordUnwrapper::ForClient(result.status()), clock_.Monotonic());
      // A journal that does not fit this cluster must not take callers' tries away.
      if (!flight->background) failures_.CountFailure(clock_.Monotonic());
    }
    waiters.swap(flight->waiters);
    waiting_ -= waiters.size();
    if (const auto current = flights_.find(flight->id);
        current != flights_.end() && current->second == flight) {
      flights_.erase(current);
    }
  }
  for (auto& [id, waiter] : waiters) {
    // Each gets a status of its own: it may end on another thread.
    if (result.ok()) {
      Answer(waiter, *result, false);
    } else {
      Answer(waiter, RecordUnwrapper::ForClient(result.status()), false);
    }
  }
  return std::move(result).status();
}

void UnwrapFlights::Learn(const Flight& flight,
                          const absl::StatusOr<std::shared_ptr<const VerifiedKek>>& result, uint64_t epoch) {
  if (!result.ok()) return;
  const KekCache::Place place = flight.background ? KekCache::Place::kOldest : KekCache::Place::kNewest;
  if (cache_.Insert(flight.id, *result, place, epoch))
    observer_.OnCache(HierarchyObserver::CacheEvent::kEviction);
  // What is read ahead keeps its place: only a caller's wish makes a record newer.
  if (!flight.background && options_.journals) journal_.Add(flight.id, flight.record_bytes);
}

absl::Status UnwrapFlights::LoadNow(const crypto::LocalKekId& id, absl::string_view record_bytes,
                                    const crypto::Record& record) {
  FlightPtr flight;
  {
    MutexLock lock(mutex_);
    if (stopped_) return absl::CancelledError("signetd is stopping");
    if (cache_.Contains(id) || flights_.contains(id)) return absl::OkStatus();
    flight = MakeFlight(id, record_bytes, record);
    flight->background = true;
    flights_[id] = flight;
  }
  return Run(flight);
}

void UnwrapFlights::ForgetRefusals() {
  MutexLock lock(mutex_);
  refusals_.Clear();
}

void UnwrapFlights::Stop() {
  std::vector<Waiter> waiters;
  std::vector<FlightPtr> flights;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    for (auto& [id, flight] : flights_) {
      flight->abandoned = true;
      for (auto& [waiter_id, waiter] : flight->waiters) waiters.push_back(std::move(waiter));
      flight->waiters.clear();
      flights.push_back(flight);
    }
    flights_.clear();
    waiting_ = 0;
  }
  for (const FlightPtr& flight : flights) flight->cancellation->Cancel();
  for (Waiter& waiter : waiters) Answer(waiter, absl::CancelledError("signetd is stopping"), false);
}

}  // namespace signet

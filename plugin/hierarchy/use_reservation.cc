#include "plugin/hierarchy/use_reservation.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace signet {
namespace {

constexpr absl::Duration kLongestRetry = absl::Seconds(10);

}  // namespace

UseReservation::UseReservation(StateStore& store, const ActiveKeySlot& slot, WorkerPool& pool,
                               TimerQueue& timers, const Clock& clock, crypto::RandomSource& random,
                               HierarchyObserver& observer, std::function<void()> on_renewal_needed)
    : store_(store),
      slot_(slot),
      observer_(observer),
      on_renewal_needed_(std::move(on_renewal_needed)),
      backoff_(random),
      strand_([this] { return Step(); }, pool, timers, clock) {}

absl::Duration UseReservation::Step() {
  const std::shared_ptr<const PublishedKey> current = slot_.Get();
  if (current == nullptr || !current->key->stored || !current->uses->NeedsReservation()) {
    return absl::InfiniteDuration();
  }
  const uint64_t reserved = current->uses->NextReserved();
  bool still_ours = false;
  const absl::Status written = store_.Update([&](PersistentState& state) {
    still_ours = state.record.has_value() && state.record->record == current->key->record;
    if (still_ours) state.record->reserved_uses = std::max(state.record->reserved_uses, reserved);
    return still_ours;
  });
  if (!written.ok()) {
    observer_.OnStateProblem("state", written);
    current->uses->ReservationFailed();
    if (current->uses->NeedsRenewal()) on_renewal_needed_();
    return backoff_.Next(kLongestRetry);
  }
  backoff_.Reset();
  if (!still_ours) return absl::InfiniteDuration();
  current->uses->Extend(reserved);
  return absl::ZeroDuration();
}

}  // namespace signet

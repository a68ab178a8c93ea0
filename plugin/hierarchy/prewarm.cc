#include "plugin/hierarchy/prewarm.h"

#include <utility>

#include "crypto/record.h"
#include "kms_client/failure_class.h"

namespace signet {

Prewarm::Prewarm(std::vector<std::string> newest_first, UnwrapFlights& flights, const ActiveKeySlot& slot,
                 WorkerPool& reserved, TimerQueue& timers, const Clock& clock, crypto::RandomSource& random,
                 HierarchyObserver& observer)
    : records_(std::move(newest_first)),
      backoff_(random),
      flights_(flights),
      slot_(slot),
      observer_(observer),
      strand_([this] { return Step(); }, reserved, timers, clock) {}

absl::Duration Prewarm::Step() {
  if (flights_.queued() > 0) return kInterval;
  while (next_ < records_.size()) {
    const std::string& bytes = records_[next_];
    const crypto::LocalKekId id = crypto::ComputeLocalKekId(bytes);
    const auto active = slot_.Get();
    if (flights_.Knows(id) || (active != nullptr && active->key->local_kek_id == id)) {
      ++next_;
      continue;
    }
    const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(bytes);
    const absl::Status status = record.ok() ? flights_.LoadNow(id, bytes, *record) : record.status();
    if (absl::IsCancelled(status)) return absl::InfiniteDuration();
    if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
        absl::IsResourceExhausted(status)) {
      return backoff_.Next(absl::Seconds(10));
    }
    backoff_.Reset();
    ++(status.ok() ? unwrapped_ : failed_);
    ++next_;
    return kInterval;
  }
  observer_.OnPrewarmed(unwrapped_, failed_);
  return absl::InfiniteDuration();
}

}  // namespace signet

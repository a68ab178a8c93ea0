#include "plugin/hierarchy/refusals.h"

#include <algorithm>
#include <utility>

#include "base/unshared_status.h"

namespace signet {

void RefusalCache::DropExpired(MonotonicTime now) {
  // All live equally long, so the oldest expire first.
  while (!oldest_first_.empty()) {
    const auto oldest = by_id_.find(oldest_first_.front());
    if (oldest->second.expires > now && by_id_.size() <= kMaxEntries) return;
    by_id_.erase(oldest);
    oldest_first_.pop_front();
  }
}

void RefusalCache::Add(const crypto::LocalKekId& id, absl::Status refusal, MonotonicTime now) {
  DropExpired(now);
  if (!by_id_.try_emplace(id, Refusal{std::move(refusal), now + kTimeToLive}).second) return;
  oldest_first_.push_back(id);
  DropExpired(now);
}

absl::Status RefusalCache::Find(const crypto::LocalKekId& id, MonotonicTime now) {
  DropExpired(now);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? absl::OkStatus() : UnsharedCopy(found->second.status);
}

void RefusalCache::Clear() {
  by_id_.clear();
  oldest_first_.clear();
}

void FailureLimiter::Refill(MonotonicTime now) {
  if (now <= refilled_) return;
  left_ = std::min(kBurst, left_ + kPerSecond * absl::ToDoubleSeconds(now - refilled_));
  refilled_ = now;
}

bool FailureLimiter::Allows(MonotonicTime now) {
  Refill(now);
  return left_ >= 1;
}

void FailureLimiter::CountFailure(MonotonicTime now) {
  Refill(now);
  left_ = std::max(0.0, left_ - 1);
}

}  // namespace signet

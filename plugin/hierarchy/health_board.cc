#include "plugin/hierarchy/health_board.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/unshared_status.h"
#include "kms_client/failure_class.h"

namespace signet {
namespace {

bool IsUnreachable(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status)) return false;
  const kms::FailureClass failure = kms::GetFailureClass(status);
  return failure == kms::FailureClass::kUnreachable || failure == kms::FailureClass::kThrottled;
}

}  // namespace

void HealthBoard::Change(const std::string& provider, const std::function<void(Entry&)>& change) {
  ProviderClass before = ProviderClass::kUnknown, after = ProviderClass::kUnknown;
  {
    MutexLock lock(mutex_);
    Entry& entry = entries_.try_emplace(provider, apart_).first->second;
    change(entry);
    before = entry.shown;
    after = entry.health.provider_class();
    if (before != after) {
      entry.shown = after;
      entry.since = clock_.Wall();
    }
  }
  if (before == after || before == ProviderClass::kUnknown) return;
  KeyEvent event;
  event.kind = KeyEvent::Kind::kProviderChanged;
  event.provider = provider;
  event.detail = absl::StrCat(ProviderClassName(before), " to ", ProviderClassName(after));
  feed_.Publish(std::move(event));
}

const HealthBoard::Entry* HealthBoard::Find(const std::string& provider) const {
  const auto found = entries_.find(provider);
  return found == entries_.end() ? nullptr : &found->second;
}

void HealthBoard::HearCall(const std::string& provider, HierarchyObserver::RemoteOperation operation,
                           const absl::Status& status) {
  Change(provider, [&](Entry& entry) {
    if (!status.ok() && !absl::IsCancelled(status)) entry.last_error = UnsharedCopy(status);
    entry.avoid_until = IsUnreachable(status) ? clock_.Monotonic() + kAvoid : -absl::InfiniteDuration();
    switch (operation) {
      case HierarchyObserver::RemoteOperation::kDescribe:
        return entry.health.HearDescribe(status);
      case HierarchyObserver::RemoteOperation::kWrap:
        entry.health.HearWrap(status);
        break;
      case HierarchyObserver::RemoteOperation::kUnwrap:
        entry.health.HearUnwrap(status);
        break;
      case HierarchyObserver::RemoteOperation::kRotate:
        return;
    }
    if (status.ok()) entry.last_success = clock_.Wall();
  });
}

void HealthBoard::HearProbe(const std::string& provider, const absl::Status& status) {
  Change(provider, [&](Entry& entry) { entry.health.HearProbe(status, clock_.Monotonic()); });
}

void HealthBoard::SetRolledBack(const std::string& provider, bool rolled_back) {
  Change(provider, [&](Entry& entry) { entry.health.SetRolledBack(rolled_back); });
}

ProviderClass HealthBoard::Class(const std::string& provider) const {
  MutexLock lock(mutex_);
  const Entry* const entry = Find(provider);
  return entry == nullptr ? ProviderClass::kUnknown : entry->health.provider_class();
}

absl::Time HealthBoard::Since(const std::string& provider) const {
  MutexLock lock(mutex_);
  const Entry* const entry = Find(provider);
  return entry == nullptr ? absl::InfinitePast() : entry->since;
}

absl::Status HealthBoard::Stopped(const std::string& provider) const {
  switch (Class(provider)) {
    case ProviderClass::kDenied:
      return kms::WithFailureClass(absl::PermissionDeniedError("the KMS denies access"),
                                   kms::FailureClass::kDenied);
    case ProviderClass::kRevoked:
      return kms::WithFailureClass(absl::FailedPreconditionError("the KMS key is revoked"),
                                   kms::FailureClass::kRevoked);
    default:
      return absl::OkStatus();
  }
}

bool HealthBoard::Avoided(const std::string& provider) const {
  MutexLock lock(mutex_);
  const Entry* const entry = Find(provider);
  return entry != nullptr && (entry->health.provider_class() == ProviderClass::kUnreachable ||
                              clock_.Monotonic() < entry->avoid_until);
}

bool HealthBoard::DescribeRefused(const std::string& provider) const {
  MutexLock lock(mutex_);
  const Entry* const entry = Find(provider);
  return entry != nullptr && entry->health.describe_refused();
}

MonotonicTime HealthBoard::NextConfirmation(const std::string& provider) const {
  MutexLock lock(mutex_);
  const Entry* const entry = Find(provider);
  return entry == nullptr ? absl::InfiniteDuration() : entry->health.next_confirmation();
}

ProviderState HealthBoard::State(const std::string& provider) const {
  ProviderState state;
  state.name = provider;
  MutexLock lock(mutex_);
  const Entry* const entry = Find(provider);
  if (entry == nullptr) return state;
  state.provider_class = entry->shown;
  state.since = entry->since;
  state.suspected = entry->health.suspected();
  state.last_success = entry->last_success;
  state.last_error = UnsharedCopy(entry->last_error);
  return state;
}

}  // namespace signet

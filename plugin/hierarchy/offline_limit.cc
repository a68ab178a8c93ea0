#include "plugin/hierarchy/offline_limit.h"

#include <algorithm>

namespace signet {

OfflineLimit::OfflineLimit(absl::Duration limit, StateStore& store, const Clock& clock)
    : limit_(limit), store_(store), clock_(clock) {
  const StateView state = store_.Current();
  const auto& success = state->last_remote_success;
  const absl::Duration elapsed = success.has_value() ? Elapsed(*success, store_.Now()) : absl::ZeroDuration();
  Set(clock_.BootTime() + limit_ - elapsed);
}

absl::Status OfflineLimit::Succeeded() {
  Set(clock_.BootTime() + limit_);
  const TimeMark now = store_.Now();
  const StateView before = store_.Current();
  const auto& written = before->last_remote_success;
  if (written.has_value() && Elapsed(*written, now) < std::min(absl::Hours(1), limit_ / 20)) {
    return absl::OkStatus();
  }
  return store_.Update([&now](PersistentState& state) {
    state.last_remote_success = now;
    return true;
  });
}

}  // namespace signet

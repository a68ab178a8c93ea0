#include "plugin/hierarchy/version_watcher.h"

#include <algorithm>

namespace signet {
namespace {

constexpr absl::Duration kLongestLocalInterval = absl::Seconds(5);

}  // namespace

VersionWatcher::Timing VersionWatcher::TimingFor(Timing timing, crypto::ProviderType type) {
  if (type == crypto::ProviderType::kLocal)
    timing.interval = std::min(timing.interval, kLongestLocalInterval);
  return timing;
}

VersionWatcher::Finding VersionWatcher::Hear(const std::string& key_id, absl::string_view expected) {
  rhythm_.Done();
  if (key_id == expected) {
    confirmation_.Forget();
    return Finding::kExpected;
  }
  if (confirmation_.Hear(key_id, kConfirmations, timing_.confirm_interval, clock_.Monotonic())) {
    return Finding::kConfirmed;
  }
  rhythm_.At(confirmation_.next());
  return Finding::kSeen;
}

void VersionWatcher::HearNothing() {
  rhythm_.Done();
  if (confirmation_.news().has_value()) rhythm_.At(clock_.Monotonic() + timing_.confirm_interval);
}

}  // namespace signet

#include "plugin/hierarchy/version_watcher.h"

namespace signet {

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

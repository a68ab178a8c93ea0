// HealthBoard: the health of every provider, fed by all remote calls and by the probes, read by whoever has
// to choose a provider or to stop. Changes of class are published as events.
//
// Thread-safe; nothing blocks beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_HEALTH_BOARD_H_
#define SIGNET_PLUGIN_HIERARCHY_HEALTH_BOARD_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/hierarchy_state.h"
#include "plugin/hierarchy/provider_health.h"

namespace signet {

class HealthBoard {
 public:
  // An unreachable provider is asked last for so long, known by the calls themselves, before probes tell.
  static constexpr absl::Duration kAvoid = absl::Seconds(30);

  // `apart`: as ProviderHealth. Both references outlive the object.
  HealthBoard(absl::Duration apart, const Clock& clock, EventFeed& feed)
      : apart_(apart), clock_(clock), feed_(feed) {}

  // Every remote call. `provider` is a provider's name.
  void HearCall(const std::string& provider, HierarchyObserver::RemoteOperation operation,
                const absl::Status& status);
  void HearProbe(const std::string& provider, const absl::Status& status);
  void SetRolledBack(const std::string& provider, bool rolled_back);

  ProviderClass Class(const std::string& provider) const;
  absl::Time Since(const std::string& provider) const;
  // Confirmed to be denied or revoked: the status that says so, OK otherwise. Constant texts.
  absl::Status Stopped(const std::string& provider) const;
  // Asked last: unreachable, or it was a moment ago.
  bool Avoided(const std::string& provider) const;
  bool DescribeRefused(const std::string& provider) const;
  // When a probe would confirm what is suspected; infinite when nothing is.
  MonotonicTime NextConfirmation(const std::string& provider) const;
  // Name, class, times and errors; the rest is the caller's.
  ProviderState State(const std::string& provider) const;

 private:
  struct Entry {
    explicit Entry(absl::Duration apart) : health(apart) {}
    ProviderHealth health;
    ProviderClass shown = ProviderClass::kUnknown;
    absl::Time since = absl::InfinitePast();
    std::optional<absl::Time> last_success;
    absl::Status last_error;
    MonotonicTime avoid_until = -absl::InfiniteDuration();
  };
  // Applies `change` and publishes what came of it.
  void Change(const std::string& provider, const std::function<void(Entry&)>& change);
  const Entry* Find(const std::string& provider) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration apart_;
  const Clock& clock_;
  EventFeed& feed_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_HEALTH_BOARD_H_

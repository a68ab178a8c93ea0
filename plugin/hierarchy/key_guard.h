// KeyGuard: what follows from confirmed bad news about the remote keys: writes stop, local KEKs leave memory;
// and all is given back when the KMS does. Purging destroys nothing: records are in etcd.
//
// Not thread-safe: its owner's strand. Purging writes the use count down: it blocks on the disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_GUARD_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_GUARD_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/health_board.h"
#include "plugin/hierarchy/kek_cache.h"
#include "plugin/hierarchy/provider_set.h"
#include "plugin/hierarchy/publisher.h"
#include "plugin/hierarchy/state_store.h"
#include "plugin/hierarchy/version_follower.h"
#include "plugin/hierarchy/write_gate.h"

namespace signet {

class KeyGuard {
 public:
  // Whose bad news count: of every provider in the record in use, or of the one that writes alone.
  enum class Watch { kWholeRecord, kWriterOnly };
  struct Options {
    absl::Duration denied_grace = absl::Hours(1);  // from the confirmation to the purge; 0: at once
    Watch watch = Watch::kWholeRecord;
  };
  // All outlive the object.
  struct Parts {
    const ProviderSet& providers;
    const StateStore& store;
    const ActiveKeySlot& slot;
    HealthBoard& board;
    KekCache& cache;
    Publisher& publisher;
    VersionFollower& follower;
    WriteGate& gate;
    const Clock& clock;
    EventFeed& feed;
  };
  KeyGuard(Options options, Parts parts) : options_(options), parts_(parts) {}

  // Does what the board's classes ask for.
  void Step();
  // Until a grace period ends; infinite when none runs.
  absl::Duration next() const;
  // The remote key in use is denied or revoked: nothing is to be made or read back.
  bool stopped() const { return stopped_by_ != nullptr; }
  // Whose; nullptr: none.
  const Provider* stopped_by() const { return stopped_by_; }

  // Every local KEK leaves memory; `problem` is what Encrypt says until one is back. Returns how many.
  size_t PurgeAll(const absl::Status& problem, absl::string_view why);
  // Those of one key_id, the active one excepted.
  void PurgeKeyId(const std::string& key_id, absl::string_view why);

 private:
  // The provider whose bad news count, and what they are; nullptr: none.
  const Provider* FindStopped(absl::Status& status) const;
  void PurgeProvider(const Provider& provider, const absl::Status& status);
  void Tell(size_t purged, absl::string_view why);

  const Options options_;
  const Parts parts_;
  const Provider* stopped_by_ = nullptr;
  bool purged_ = false;                      // since they stopped
  std::optional<absl::Duration> denied_at_;  // of BootTime
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_GUARD_H_

// Publisher: the last two steps of every key's way, "durable, then published", and what has been announced so
// far. It makes no remote call.
//
// Thread-safe, but for Install, Adopt and Retract, which belong to one strand. Those block on the disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_PUBLISHER_H_
#define SIGNET_PLUGIN_HIERARCHY_PUBLISHER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/journal.h"
#include "plugin/hierarchy/kek_cache.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/key_planner.h"
#include "plugin/hierarchy/offline_limit.h"
#include "plugin/hierarchy/state_store.h"

namespace signet {

class Publisher {
 public:
  struct Options {
    absl::Duration lifetime;
    uint64_t max_uses = 0;
  };
  // All outlive the object.
  struct Parts {
    const KeyPlanner& planner;  // remembers beside every key
    StateStore& store;
    ActiveKeySlot& slot;
    KekCache& cache;
    Journal& journal;
    OfflineLimit& offline;
    const Clock& clock;
    HierarchyObserver& observer;
    EventFeed& feed;
  };
  Publisher(Options options, Parts parts);

  KeyHistory::Verdict Judge(const AnnouncedKey& candidate) const;
  uint32_t NextGeneration(const AnnouncedKey& candidate) const;
  // The last one announced; empty before the first.
  std::string Newest() const;
  // Oldest first, the active key's last.
  std::vector<std::string> History() const;

  // A key that was just made and proved: writes history, record and its first block of uses, then publishes.
  // An error: the disk's; nothing is published, but the disk may hold it. The same key may be tried again.
  absl::Status Install(const KeyTarget& target, const MadeKey& made, absl::string_view reason);
  // The stored record, unwrapped: reserves uses and publishes. OUT_OF_RANGE: it is past its limits; an error
  // of the disk: no uses could be reserved. After an error it is in the cache.
  absl::Status Adopt(const KeyTarget& target, const StoredRecord& stored, const MadeKey& key);
  // A key that is never stored, made while the disk cannot be written. It must be one that no write was tried
  // with. Only under a key_id that a restart would not fall behind: MayPublishUnstored.
  void PublishUnstored(const KeyTarget& target, const MadeKey& made);
  bool MayPublishUnstored(const KeyTarget& target) const;

  // Ends the use of the active key and writes the number of uses down. Errors of the disk are reported, not
  // returned: a crash counts more uses, never fewer.
  void Close();
  // The same, and no key serves from then on; `problem` is what Encrypt says.
  void Retract(absl::Status problem);

 private:
  void Publish(const KeyTarget& target, const MadeKey& made, const TimeMark& created,
               std::shared_ptr<UseCounter> uses, bool stored, absl::string_view reason);
  void Close(const PublishedKey& published);
  void KeepInCache(const std::string& key_id, absl::Time created, const MadeKey& key);

  const Options options_;
  const Parts parts_;
  mutable Mutex mutex_;
  // What this process and those before it announced, the keys that could not be stored included.
  KeyHistory announced_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_PUBLISHER_H_

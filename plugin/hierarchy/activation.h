// Activation: obtains the active key at start, renews it, and keeps its uses reserved, in the background and
// for as long as it takes. The order "proved by the KMS, durable, published" holds for every key.
//
// Thread-safe. Start, Stop and Attend do not block; the work runs on the reserved workers, one piece at a
// time.
#ifndef SIGNET_PLUGIN_HIERARCHY_ACTIVATION_H_
#define SIGNET_PLUGIN_HIERARCHY_ACTIVATION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "crypto/random.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/backoff.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/journal.h"
#include "plugin/hierarchy/kek_cache.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/record_unwrapper.h"
#include "plugin/hierarchy/state_store.h"
#include "plugin/hierarchy/strand.h"

namespace signet {

class Activation {
 public:
  struct Options {
    absl::Duration lifetime;
    uint64_t max_uses = 0;
    absl::Duration remote_call_timeout;
  };
  // What it works with; all outlive the object, pool and timers stop before it is destroyed.
  struct Parts {
    const KeyMaker& maker;
    const RecordUnwrapper& unwrapper;
    StateStore& store;
    ActiveKeySlot& slot;
    KekCache& cache;
    Journal& journal;
    WorkerPool& reserved;
    TimerQueue& timers;
    const Clock& clock;
    crypto::RandomSource& random;
    HierarchyObserver& observer;
    EventFeed& feed;
  };
  // `on_first_key` runs once, on a worker, when the first key is published; it must not block.
  Activation(Options options, Parts parts, std::function<void()> on_first_key);

  void Start();
  // Cancels the remote call in progress; nothing new begins.
  void Stop();
  // The active key's uses want looking at.
  void Attend();
  // Has `work` run between two rounds, with OK; with CANCELLED instead when Stop comes first.
  void Post(std::function<void(const absl::Status& stopped)> work);
  // For posted work only. FAILED_PRECONDITION: no active key yet; else what KMS or disk said.
  absl::Status RotateLocal();
  absl::Status Refresh();
  // After the workers are joined: gives back what was reserved and not used. Blocks on the disk.
  void Close();

  // Oldest first, the active key's last.
  std::vector<std::string> History() const;

 private:
  // One round of work; how long until the next.
  absl::Duration Step();
  void RunPosted(const absl::Status& stopped);
  absl::Status DoWhatIsNeeded();
  absl::Status ObtainFirst();
  // Asks the provider for its version and makes a key when it is a new one or the current key is to be
  // renewed.
  absl::Status FollowProvider();
  absl::Status ReplaceUnstored();

  // The stored record, when it is what the configuration would announce.
  std::optional<StoredRecord> FittingStoredRecord() const;
  absl::Status PublishStored(const StoredRecord& stored);
  // FAILED_PRECONDITION when history holds as superseded what the provider names now.
  absl::StatusOr<KeyTarget> DescribeCurrent();
  absl::Status MakeAndPublish(const KeyTarget& target, absl::string_view reason);
  absl::Status PublishUnstored(const KeyTarget& target, const absl::Status& write_error);
  void Publish(const KeyTarget& target, MadeKey made, const TimeMark& created,
               std::shared_ptr<UseCounter> uses, bool stored, absl::string_view reason);

  absl::Duration ReserveUses();
  bool NeedsRenewal(const PublishedKey& published) const;
  absl::Duration UntilNextLook(const PublishedKey& published) const;

  const Options options_;
  const Parts parts_;
  const std::function<void()> on_first_key_;
  const std::shared_ptr<CancellationToken> cancellation_ = std::make_shared<CancellationToken>();

  // Touched by the key strand only.
  Backoff backoff_;
  bool stored_rejected_ = false;  // the stored record cannot be used by this process
  bool followed_ = false;         // the provider's version was taken up once since the start
  absl::Status superseded_;       // what DescribeCurrent refused last, if it did

  // Touched by the reservation strand only.
  Backoff reserve_backoff_;

  mutable Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void(const absl::Status&)>> posted_ ABSL_GUARDED_BY(mutex_);
  // What this process and those before it announced, the keys that could not be stored included.
  KeyHistory announced_ ABSL_GUARDED_BY(mutex_);

  Strand keys_;
  Strand reservations_;  // apart, so that a hanging KMS does not hold up a disk write
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_ACTIVATION_H_

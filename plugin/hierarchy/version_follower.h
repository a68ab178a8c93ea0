// VersionFollower: takes a new version of the remote key from the first answer that names it to its
// announcement: confirmed, prepared and proved, then announced after a delay. Refuses to go back.
//
// Step, Announce…, Accept and Note… belong to one strand and block on KMS and disk; the rest is thread-safe.
#ifndef SIGNET_PLUGIN_HIERARCHY_VERSION_FOLLOWER_H_
#define SIGNET_PLUGIN_HIERARCHY_VERSION_FOLLOWER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "crypto/random.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/call_budgets.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/health_board.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/hierarchy_state.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/key_planner.h"
#include "plugin/hierarchy/problem_board.h"
#include "plugin/hierarchy/publisher.h"
#include "plugin/hierarchy/retry.h"
#include "plugin/hierarchy/state_store.h"
#include "plugin/hierarchy/version_watcher.h"

namespace signet {

class VersionFollower {
 public:
  struct Options {
    VersionWatcher::Timing timing;
    absl::Duration activation_delay = absl::Seconds(60);
  };
  // All outlive the object.
  struct Parts {
    const KeyMaker& maker;
    const KeyPlanner& planner;
    Publisher& publisher;
    StateStore& store;
    const ActiveKeySlot& slot;
    ProblemBoard& problems;
    HealthBoard& board;
    CallBudgets& budgets;
    const Clock& clock;
    crypto::RandomSource& random;
    HierarchyObserver& observer;
    EventFeed& feed;
    const std::shared_ptr<CancellationToken>& cancellation;
  };
  VersionFollower(Options options, Parts parts);

  // Asks, prepares and announces, whatever is due. There is an active key.
  void Step();
  // When Step has something to do again.
  MonotonicTime next() const;
  void AskSoon() { watcher_->AskSoon(); }
  void NoteAsked() { watcher_->NoteAsked(); }

  // The plan under which versions are followed. Another one begins anew: what was pending is dropped.
  const KeyPlan& plan() const { return plan_; }
  void SetPlan(const KeyPlan& plan);

  // Asks once, now, and judges the answer as ever. Errors: the KMS's.
  absl::Status Look();

  // A version is confirmed and not announced yet: under the old one nothing new is made.
  bool has_pending() const;
  std::optional<PendingKey> Pending() const;
  // The proved local KEK that waits, if there is one.
  std::optional<LocalKeyInfo> Prepared() const;
  void DropPending(absl::string_view why);

  // The KMS names `target`, which was superseded, and nothing else is there to announce. Returns what Encrypt
  // says meanwhile.
  absl::Status NoteRollback(const KeyTarget& target);
  // Announces the version of the rollback under the next free generation; returns a line for the operator.
  // Errors: KeyControl::AcceptKeyId.
  absl::StatusOr<std::string> Accept(const std::string& key_id);

 private:
  struct Candidate {
    KeyTarget target;
    std::optional<MadeKey> made;
    MonotonicTime announce_at;
  };

  // Describe, or what a Wrap says where only Describe is refused.
  absl::StatusOr<KeyTarget> Ask(const KeyPlan& plan);
  void Judge(const KeyTarget& target);
  void SetPending(const KeyTarget& target);
  void Prepare();
  void Announce();
  void EndRollback(absl::string_view how);
  void Tell(KeyEvent::Kind kind, const std::string& key_id, std::string detail);

  const Options options_;
  const Parts parts_;
  KeyPlan plan_;
  std::optional<VersionWatcher> watcher_;
  Retry prepare_retry_;
  Retry announce_retry_;
  std::optional<KeyTarget> rollback_;
  int looks_without_describe_ = 0;

  mutable Mutex mutex_;
  // Written by the strand only.
  std::optional<Candidate> pending_ ABSL_GUARDED_BY(mutex_);
  std::string confirming_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_VERSION_FOLLOWER_H_

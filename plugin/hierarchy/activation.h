// Activation: conducts the life of the active key in the background, for as long as it takes: obtains it at
// start, follows the remote key's versions, renews the local KEK before its limits, proves what it relies on,
// and moves from one plan to the next. The order "proved by the KMS, durable, published" holds for every key.
//
// Thread-safe. Start, Stop, Attend and Post do not block; the work runs on the reserved workers, one piece at
// a time.
#ifndef SIGNET_PLUGIN_HIERARCHY_ACTIVATION_H_
#define SIGNET_PLUGIN_HIERARCHY_ACTIVATION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/call_budgets.h"
#include "plugin/hierarchy/first_key.h"
#include "plugin/hierarchy/health_board.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/key_guard.h"
#include "plugin/hierarchy/key_installer.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/key_planner.h"
#include "plugin/hierarchy/offline_limit.h"
#include "plugin/hierarchy/posted_work.h"
#include "plugin/hierarchy/problem_board.h"
#include "plugin/hierarchy/publisher.h"
#include "plugin/hierarchy/record_unwrapper.h"
#include "plugin/hierarchy/retry.h"
#include "plugin/hierarchy/state_store.h"
#include "plugin/hierarchy/strand.h"
#include "plugin/hierarchy/unwrap_probe.h"
#include "plugin/hierarchy/version_follower.h"
#include "plugin/hierarchy/wrap_set_watcher.h"
#include "plugin/hierarchy/write_gate.h"
#include "plugin/hierarchy/write_report.h"

namespace signet {

class Activation {
 public:
  struct Options {
    absl::Duration remote_call_timeout;
    bool allow_degraded_start = false;
    VersionFollower::Options follower;
    UnwrapProbe::Options probe;
    KeyGuard::Options guard;
  };
  // What it works with; all outlive the object, pool and timers stop before it is destroyed.
  struct Parts {
    const KeyMaker& maker;
    KeyPlanner& planner;
    const RecordUnwrapper& unwrapper;
    const ProviderSet& providers;
    Publisher& publisher;
    HealthBoard& board;
    WriteGate& gate;
    OfflineLimit& offline;
    KekCache& cache;
    const Journal& journal;
    StateStore& store;
    ActiveKeySlot& slot;
    ProblemBoard& problems;
    WorkerPool& reserved;
    TimerQueue& timers;
    const Clock& clock;
    crypto::RandomSource& random;
    HierarchyObserver& observer;
    EventFeed& feed;
  };
  // `on_first_key` runs once, on a worker, when the first key is published; it must not block.
  Activation(Options options, Parts parts, std::function<void()> on_first_key);

  void Start() { strand_.Kick(); }
  // Cancels the remote call in progress; nothing new begins.
  void Stop();
  // The active key wants looking at.
  void Attend() { strand_.Kick(); }
  // Has `work` run between two rounds, with OK; with CANCELLED instead when Stop comes first.
  void Post(PostedWork::Work work);

  const VersionFollower& follower() const { return follower_; }

  // For posted work: version and proofs are due.
  void AskSoon();
  // For posted work: the version that the KMS wraps under is announced at once, proved like every other.
  void TakeUpVersion();

  // For posted work only; see KeyControl.
  absl::StatusOr<std::string> RotateLocal();
  absl::StatusOr<std::string> RotateRemote(const std::string& provider);
  absl::StatusOr<std::string> Refresh();
  absl::StatusOr<std::string> Accept(const std::string& key_id);
  absl::StatusOr<std::string> Purge();

  // Since when Encrypt works, or does not.
  absl::Time encrypt_since() const { return writes_.since(); }

 private:
  // One round of work; how long until the next.
  absl::Duration Step();
  // After a suspension nothing is known: everything is due.
  void NoticeSuspension();
  // Obtains, moves, renews or replaces the active key when that is due.
  void Keep();
  absl::Status DoWhatIsDue();
  void ExplainFailure(const absl::Status& status, absl::Duration retry_in);

  // Of the wrap-set, while their version in use is revoked and its keys are gone from memory. That says
  // nothing about a newer version.
  std::vector<const Provider*> Revoked() const;
  void TryNewerVersion();

  absl::Status Renew(absl::string_view reason);
  absl::Status ReplaceUnstored();
  // The active record lacks a part of its wrap-set, since a degraded start.
  bool IsIncomplete(const PublishedKey& published) const;
  // Announces the plan that holds now instead of the one before it.
  bool MoveIsDue() const { return !(parts_.planner.Now() == follower_.plan()); }
  absl::Status Move();
  // Nothing is made or read back under a remote key that is denied or revoked, but it may be left: the plan
  // that is followed may be one that does without it already.
  bool MayKeep() const;
  // Tells that a configured plan is waiting, and remembers what the state must know about plans.
  void WatchMoves();

  // What is tried without a usable key is tried often, what is tried with one seldom.
  absl::Duration LongestRetry() const;
  absl::Duration UntilNextLook() const;

  const Options options_;
  const Parts parts_;
  const std::function<void()> on_first_key_;
  const std::shared_ptr<CancellationToken> cancellation_ = std::make_shared<CancellationToken>();
  PostedWork posted_;
  WriteReport writes_;  // written by the strand

  // Touched by the strand only.
  CallBudgets budgets_;
  KeyInstaller installer_;
  VersionFollower follower_;
  WrapSetWatcher wrap_set_;
  FirstKey first_key_;
  UnwrapProbe probe_;
  KeyGuard guard_;
  Retry retry_;                                          // of what Keep does
  MonotonicTime newer_due_ = -absl::InfiniteDuration();  // of TryNewerVersion
  bool refused_ = false;  // the last attempt to obtain was, for good as it seems: probes are to tell
  bool had_first_key_ = false;
  absl::Duration suspended_;  // in all, since boot

  Strand strand_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_ACTIVATION_H_

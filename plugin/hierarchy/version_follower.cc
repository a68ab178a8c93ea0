#include "plugin/hierarchy/version_follower.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet {
namespace {

constexpr absl::Duration kLongestRetry = absl::Minutes(10);
// While Describe is refused, it is tried again every so many looks.
constexpr int kLooksWithoutDescribe = 10;
constexpr absl::string_view kRolledBack = "rolled_back";
constexpr absl::string_view kNotAnnounced = "not_announced";

}  // namespace

VersionFollower::VersionFollower(Options options, Parts parts)
    : options_(options),
      parts_(parts),
      prepare_retry_(parts.clock, parts.random),
      announce_retry_(parts.clock, parts.random) {
  SetPlan(parts_.planner.Now());
}

void VersionFollower::SetPlan(const KeyPlan& plan) {
  DropPending("the plan has changed");
  if (rollback_.has_value()) EndRollback("the plan has changed");
  plan_ = plan;
  watcher_.emplace(VersionWatcher::TimingFor(options_.timing, plan.active->client->type()), parts_.clock,
                   parts_.random);
  MutexLock lock(mutex_);
  confirming_.clear();
}

void VersionFollower::Tell(KeyEvent::Kind kind, const std::string& key_id, std::string detail) {
  KeyEvent event;
  event.kind = kind;
  event.provider = plan_.active->name;
  event.key_id = key_id;
  event.detail = std::move(detail);
  parts_.feed.Publish(std::move(event));
}

bool VersionFollower::has_pending() const {
  MutexLock lock(mutex_);
  return pending_.has_value();
}

std::optional<PendingKey> VersionFollower::Pending() const {
  MutexLock lock(mutex_);
  PendingKey key;
  if (pending_.has_value()) {
    key.key_id = pending_->target.announcement.key_id;
    key.provider = pending_->target.plan.active->name;
    key.remote_version = pending_->target.version.label;
    key.prepared = pending_->made.has_value();
    key.activates_at = parts_.clock.Wall() + (pending_->announce_at - parts_.clock.Monotonic());
  } else if (!confirming_.empty()) {
    key.key_id = confirming_;
    key.provider = parts_.planner.Now().active->name;
  } else {
    return std::nullopt;
  }
  key.key_id_hash = crypto::KeyIdHash(key.key_id);
  return key;
}

std::optional<LocalKeyInfo> VersionFollower::Prepared() const {
  MutexLock lock(mutex_);
  if (!pending_.has_value() || !pending_->made.has_value()) return std::nullopt;
  LocalKeyInfo info;
  info.id = pending_->made->id;
  info.key_id = pending_->target.announcement.key_id;
  info.state = LocalKeyInfo::State::kPrepared;
  info.created = parts_.clock.Wall();
  if (const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(pending_->made->record);
      record.ok()) {
    info.created = absl::FromUnixSeconds(static_cast<int64_t>(record->created_unix_seconds));
  }
  return info;
}

MonotonicTime VersionFollower::next() const {
  MonotonicTime next = watcher_->next();
  MutexLock lock(mutex_);
  if (!pending_.has_value()) return next;
  const MonotonicTime now = parts_.clock.Monotonic();
  if (!pending_->made.has_value()) return std::min(next, now + prepare_retry_.Wait());
  return std::min(next, std::max(pending_->announce_at, now + announce_retry_.Wait()));
}

void VersionFollower::Step() {
  if (watcher_->Due()) {
    if (parts_.budgets.TakeLook(*plan_.active, !watcher_->candidate().empty())) {
      (void)Look();
    } else {
      watcher_->HearNothing();
    }
  }
  Prepare();
  Announce();
}

absl::StatusOr<KeyTarget> VersionFollower::Ask(const KeyPlan& plan) {
  const std::string& name = plan.active->name;
  if (!parts_.board.DescribeRefused(name) || ++looks_without_describe_ >= kLooksWithoutDescribe) {
    looks_without_describe_ = 0;
    absl::StatusOr<KeyTarget> target = parts_.maker.Describe(plan, parts_.cancellation);
    if (target.ok() || !parts_.board.DescribeRefused(name)) return target;
  }
  return parts_.maker.LearnVersion(plan, parts_.cancellation);
}

absl::Status VersionFollower::Look() {
  const absl::StatusOr<KeyTarget> target = Ask(plan_);
  if (!target.ok()) {
    watcher_->HearNothing();
    return target.status();
  }
  Judge(*target);
  return absl::OkStatus();
}

void VersionFollower::Judge(const KeyTarget& target) {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  const std::string announced = current == nullptr ? parts_.publisher.Newest() : current->key->key_id;
  std::string expected = announced;
  {
    MutexLock lock(mutex_);
    if (pending_.has_value()) expected = pending_->target.announcement.key_id;
  }
  const std::string& key_id = target.announcement.key_id;
  const VersionWatcher::Finding finding = watcher_->Hear(key_id, expected);
  const bool back =
      key_id != announced && parts_.publisher.Judge(target.announcement) == KeyHistory::Verdict::kSuperseded;
  bool first_seen = false;
  {
    MutexLock lock(mutex_);
    const std::string confirming = finding == VersionWatcher::Finding::kSeen ? key_id : std::string();
    first_seen = !confirming.empty() && confirming != confirming_;
    confirming_ = back ? std::string() : confirming;
  }
  switch (finding) {
    case VersionWatcher::Finding::kExpected:
      if (rollback_.has_value()) EndRollback("the KMS names the newest version again");
      return;
    case VersionWatcher::Finding::kSeen:
      if (first_seen && !back) Tell(KeyEvent::Kind::kVersionSeen, key_id, "not confirmed yet");
      return;
    case VersionWatcher::Finding::kConfirmed:
      break;
  }
  if (back) {
    DropPending("the KMS names a superseded version");
    (void)NoteRollback(target);
    return;
  }
  if (rollback_.has_value()) EndRollback("the KMS names another version");
  if (key_id == announced) {
    DropPending("the KMS names the announced version again");
  } else {
    SetPending(target);
  }
}

void VersionFollower::SetPending(const KeyTarget& target) {
  DropPending("the KMS names a newer version");
  const MonotonicTime announce_at = parts_.clock.Monotonic() + options_.activation_delay;
  {
    MutexLock lock(mutex_);
    pending_ = Candidate{target, std::nullopt, announce_at};
  }
  prepare_retry_.Succeeded();
  announce_retry_.Succeeded();
  Prepare();
}

void VersionFollower::DropPending(absl::string_view why) {
  std::optional<Candidate> dropped;
  {
    MutexLock lock(mutex_);
    dropped.swap(pending_);
  }
  if (!dropped.has_value()) return;
  parts_.problems.Clear(kNotAnnounced);
  Tell(KeyEvent::Kind::kPendingDropped, dropped->target.announcement.key_id, std::string(why));
}

// Long before it is announced, so that a key_id that cannot be used is never shown to anyone.
void VersionFollower::Prepare() {
  std::optional<KeyTarget> target;
  {
    MutexLock lock(mutex_);
    if (pending_.has_value() && !pending_->made.has_value()) target = pending_->target;
  }
  if (!target.has_value() || !prepare_retry_.Allowed()) return;
  absl::StatusOr<MadeKey> made = parts_.maker.Make(*target, KeyMaker::Missing::kRefuse, parts_.cancellation);
  if (!made.ok()) {
    if (absl::IsCancelled(made.status())) return;
    // It used another version: the watcher will tell which.
    if (absl::IsAborted(made.status())) watcher_->AskSoon();
    parts_.observer.OnActivationFailed(made.status(), prepare_retry_.Failed(kLongestRetry));
    return;
  }
  absl::Duration wait;
  {
    MutexLock lock(mutex_);
    if (!pending_.has_value()) return;
    pending_->made = *std::move(made);
    wait = std::max(pending_->announce_at - parts_.clock.Monotonic(), absl::ZeroDuration());
  }
  Tell(KeyEvent::Kind::kVersionPending, target->announcement.key_id,
       absl::StrCat("proved; announced in ", absl::FormatDuration(absl::Trunc(wait, absl::Milliseconds(1)))));
}

void VersionFollower::Announce() {
  std::optional<Candidate> ready;
  {
    MutexLock lock(mutex_);
    if (!pending_.has_value() || !pending_->made.has_value() ||
        parts_.clock.Monotonic() < pending_->announce_at) {
      return;
    }
    ready = *pending_;
  }
  if (!announce_retry_.Allowed()) return;
  const absl::Status installed = parts_.publisher.Install(ready->target, *ready->made, "new version");
  if (!installed.ok()) {
    parts_.observer.OnStateProblem("state", installed);
    parts_.problems.Set(
        kNotAnnounced,
        absl::StrCat("the state directory cannot be written; ", ready->target.announcement.key_id,
                     " is not announced"),
        "make room and check the permissions of state_directory; signetd tries again by itself");
    announce_retry_.Failed(kLongestRetry);
    return;
  }
  parts_.problems.Clear(kNotAnnounced);
  MutexLock lock(mutex_);
  pending_.reset();
}

absl::Status VersionFollower::NoteRollback(const KeyTarget& target) {
  const uint32_t generation = parts_.publisher.NextGeneration(target.announcement);
  const std::string advice =
      absl::StrCat("the KMS names a superseded key version; to use it, set key_id_generation to ", generation,
                   " on every node");
  const bool news = !rollback_.has_value() || rollback_->announcement.key_id != target.announcement.key_id;
  rollback_ = target;
  parts_.board.SetRolledBack(target.plan.active->name, true);
  parts_.problems.Set(
      kRolledBack,
      absl::StrCat("the KMS names ", target.announcement.key_id, ", which was superseded; not followed"),
      absl::StrCat("put the KMS right, or run: signetctl accept-key-id ", target.announcement.key_id,
                   " and set key_id_generation to ", generation, " on every node"));
  if (news) Tell(KeyEvent::Kind::kRolledBack, target.announcement.key_id, advice);
  return absl::FailedPreconditionError(advice);
}

void VersionFollower::EndRollback(absl::string_view how) {
  Tell(KeyEvent::Kind::kRollbackEnded, rollback_->announcement.key_id, std::string(how));
  parts_.board.SetRolledBack(rollback_->plan.active->name, false);
  rollback_.reset();
  parts_.problems.Clear(kRolledBack);
}

absl::StatusOr<std::string> VersionFollower::Accept(const std::string& key_id) {
  if (!rollback_.has_value()) return absl::FailedPreconditionError("the KMS names no superseded version");
  if (rollback_->announcement.key_id != key_id) {
    return absl::InvalidArgumentError(
        absl::StrCat("the KMS names ", rollback_->announcement.key_id, ", not that one"));
  }
  KeyPlan plan = rollback_->plan;
  plan.generation = parts_.publisher.NextGeneration(rollback_->announcement);
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, parts_.maker.TargetOf(plan, rollback_->version));
  SIGNET_ASSIGN_OR_RETURN(const MadeKey made,
                          parts_.maker.Make(target, KeyMaker::Missing::kRefuse, parts_.cancellation));
  const RemoteKeyName key = NameOf(*plan.active);
  SIGNET_RETURN_IF_ERROR(parts_.store.Update([&](PersistentState& state) {
    std::erase_if(state.accepted, [&key](const AcceptedGeneration& accepted) { return accepted.key == key; });
    if (state.accepted.size() >= PersistentState::kMaxListed) state.accepted.erase(state.accepted.begin());
    state.accepted.push_back({key, plan.generation});
    return true;
  }));
  SIGNET_RETURN_IF_ERROR(parts_.publisher.Install(target, made, "accepted by an operator"));
  EndRollback("accepted by an operator");
  SetPlan(plan);
  return absl::StrCat("announced as ", target.announcement.key_id,
                      "; accept it on every node and set key_id_generation to ", plan.generation,
                      " on every node");
}

}  // namespace signet

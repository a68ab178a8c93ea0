#include "plugin/hierarchy/activation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet {
namespace {

constexpr absl::Duration kLongestRetryWithoutKey = absl::Seconds(10);
// With a key that works a failing KMS is asked six times an hour.
constexpr absl::Duration kLongestRetryWithKey = absl::Minutes(10);
// Boot time runs while a suspended machine's timers do not, so limits are looked at this often at least.
constexpr absl::Duration kLongestSleep = absl::Minutes(1);

// The KMS may answer otherwise soon, and then the record in question is as good as ever.
bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

}  // namespace

Activation::Activation(Options options, Parts parts, std::function<void()> on_first_key)
    : options_(options),
      parts_(parts),
      on_first_key_(std::move(on_first_key)),
      budgets_(options_.follower.timing.interval, options_.probe.interval, parts_.clock),
      follower_(options_.follower, {parts_.maker, parts_.planner, parts_.publisher, parts_.store, parts_.slot,
                                    parts_.problems, parts_.board, budgets_, parts_.clock, parts_.random,
                                    parts_.observer, parts_.feed, cancellation_}),
      probe_(
          options_.probe,
          {parts_.providers, parts_.store, parts_.slot, parts_.journal, parts_.board, budgets_, parts_.clock,
           parts_.random, cancellation_},
          [this] {
            if (const absl::Status written = parts_.offline.Succeeded(); !written.ok()) {
              parts_.observer.OnStateProblem("state", written);
            }
          },
          [this](const std::string& key_id) {
            guard_.PurgeKeyId(key_id, "its version of the remote key is denied or revoked");
          }),
      guard_(options_.guard, {parts_.providers, parts_.store, parts_.slot, parts_.board, parts_.cache,
                              parts_.publisher, follower_, parts_.gate, parts_.clock, parts_.feed}),
      retry_(parts_.clock, parts_.random),
      suspended_(parts_.clock.BootTime() - parts_.clock.Monotonic()),
      writes_since_(parts_.clock.Wall()),
      strand_([this] { return Step(); }, parts_.reserved, parts_.timers, parts_.clock) {}

void Activation::Stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  strand_.Stop();
  cancellation_->Cancel();
  RunPosted(absl::CancelledError("signetd is stopping"));
}

void Activation::Post(std::function<void(const absl::Status& stopped)> work) {
  {
    MutexLock lock(mutex_);
    if (!stopped_) {
      posted_.push_back(std::move(work));
      work = nullptr;
    }
  }
  if (work) return work(absl::CancelledError("signetd is stopping"));
  strand_.Kick();
}

void Activation::RunPosted(const absl::Status& stopped) {
  while (true) {
    std::function<void(const absl::Status&)> work;
    {
      MutexLock lock(mutex_);
      if (posted_.empty()) return;
      work = std::move(posted_.front());
      posted_.pop_front();
    }
    work(stopped);
  }
}

absl::Duration Activation::Step() {
  RunPosted(absl::OkStatus());
  NoticeSuspension();
  if (!guard_.stopped() && retry_.Allowed()) Keep();
  if (cancellation_->cancelled()) return absl::InfiniteDuration();
  const bool has_key = parts_.slot.Get() != nullptr;
  if (has_key) {
    if (!std::exchange(had_first_key_, true)) on_first_key_();
    follower_.Step();
  }
  if (has_key || refused_ || guard_.stopped()) probe_.Step();
  if (cancellation_->cancelled()) return absl::InfiniteDuration();
  guard_.Step();
  TellWrites();
  return UntilNextLook();
}

void Activation::NoticeSuspension() {
  constexpr absl::Duration kNoticed = absl::Seconds(10);
  const absl::Duration suspended = parts_.clock.BootTime() - parts_.clock.Monotonic();
  if (suspended - suspended_ < kNoticed) return;
  suspended_ = suspended;
  probe_.AskSoon();
  follower_.AskSoon();
}

void Activation::Keep() {
  absl::Status status;
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr) {
    status = ObtainFirst();
  } else if (!current->key->stored && !follower_.has_pending()) {
    status = ReplaceUnstored();
  } else if (NeedsRenewal(*current) && !follower_.has_pending()) {
    status = Renew("renewal");
  } else if (IsIncomplete(*current) && !follower_.has_pending()) {
    status = Renew("wrapped by the whole wrap-set");
  }
  if (cancellation_->cancelled()) return;
  if (!status.ok()) return ExplainFailure(status, retry_.Failed(LongestRetry()));
  retry_.Succeeded();
  refused_ = false;
  parts_.problems.Clear("no_key");
  if (const auto now = parts_.slot.Get(); now != nullptr && !NeedsRenewal(*now)) {
    parts_.problems.Clear("limit_near");
  }
}

void Activation::ExplainFailure(const absl::Status& status, absl::Duration retry_in) {
  const std::string code = absl::StatusCodeToString(status.code());
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr) {
    refused_ = absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status);
    if (refused_ && superseded_.ok()) probe_.AskSoon();
    const std::string text =
        superseded_.ok() ? absl::StrCat("no active key yet: ", code) : std::string(superseded_.message());
    parts_.slot.SetProblem(absl::UnavailableError(text));
    parts_.problems.Set("no_key", text, "");
  } else if (current->key->stored && NeedsRenewal(*current)) {
    const absl::Time end = parts_.clock.Wall() + (current->expires_at - parts_.clock.BootTime());
    std::string text = absl::StrCat("the local key cannot be renewed (", code, "); it ends at ",
                                    absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()),
                                    " or after ", current->uses->left(), " more uses");
    KeyEvent event;
    event.kind = KeyEvent::Kind::kLimitNear;
    event.key_id = current->key->key_id;
    event.detail = text;
    if (parts_.problems.Set("limit_near", std::move(text),
                            "put the KMS right: Encrypt stops at that limit")) {
      parts_.feed.Publish(std::move(event));
    }
  }
  parts_.observer.OnActivationFailed(status, retry_in);
}

void Activation::TellWrites() {
  const absl::Status status = parts_.gate.Look().status();
  {
    MutexLock lock(mutex_);
    if (writes_work_ == status.ok()) return;
    writes_work_ = status.ok();
    writes_since_ = parts_.clock.Wall();
  }
  KeyEvent event;
  event.kind = status.ok() ? KeyEvent::Kind::kWritesResumed : KeyEvent::Kind::kWritesStopped;
  event.detail = std::string(status.message());
  parts_.feed.Publish(std::move(event));
}

absl::Time Activation::encrypt_since() const {
  MutexLock lock(mutex_);
  return writes_since_;
}

// A stored record goes first, without asking the provider for its version: after a power cut the KMS may be
// away, and a known key must not wait for it. The exception is `local`: there "activate a version and
// restart" shows the new key_id as the first one, instead of the old one until the new one is confirmed.
absl::Status Activation::ObtainFirst() {
  superseded_ = absl::OkStatus();
  const std::optional<StoredRecord> stored = FittingStoredRecord();
  if (!stored.has_value()) return MakeFirst("first key");
  if (PreferDescribed(*stored)) return absl::OkStatus();
  const absl::Status adopted = AdoptStored(*stored);
  if (adopted.ok() || IsTransient(adopted)) return adopted;
  stored_rejected_ = absl::IsDataLoss(adopted) || absl::IsInvalidArgument(adopted) ||
                     absl::IsNotFound(adopted) || absl::IsOutOfRange(adopted);
  return MakeFirst("stored record unusable");
}

bool Activation::PreferDescribed(const StoredRecord& stored) {
  const KeyPlan plan = parts_.planner.Configured();
  if (plan.active->client->type() != crypto::ProviderType::kLocal) return false;
  const absl::StatusOr<KeyTarget> target = parts_.maker.Describe(plan, cancellation_);
  if (!target.ok() || target->version == stored.version) return false;
  if (parts_.publisher.Judge(target->announcement) != KeyHistory::Verdict::kNew) return false;
  if (!MakeAndInstall(*target, "new version").ok()) return false;
  follower_.NoteAsked();
  return true;
}

absl::Status Activation::MakeFirst(absl::string_view reason) {
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.Describe(parts_.planner.Configured(), cancellation_));
  if (parts_.publisher.Judge(target.announcement) == KeyHistory::Verdict::kSuperseded) {
    superseded_ = follower_.NoteRollback(target);
    return superseded_;
  }
  const auto missing = options_.allow_degraded_start ? KeyMaker::Missing::kAllow : KeyMaker::Missing::kRefuse;
  SIGNET_RETURN_IF_ERROR(MakeAndInstall(target, reason, missing));
  follower_.NoteAsked();
  return absl::OkStatus();
}

std::optional<StoredRecord> Activation::FittingStoredRecord() const {
  const std::shared_ptr<const PersistentState> state = parts_.store.Current();
  if (stored_rejected_ || !state->record.has_value() || state->history.empty()) return std::nullopt;
  // The key_id is made of provider, wrap-set, version and generation: when it is the newest of history and
  // what the configuration makes of the stored version, all of them fit.
  const absl::StatusOr<KeyTarget> target =
      parts_.maker.TargetOf(parts_.planner.Configured(), state->record->version);
  if (!target.ok() || target->announcement.key_id != state->history.newest().key_id) return std::nullopt;
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(state->record->record);
  if (!record.ok() || record->key_id != target->announcement.key_id) return std::nullopt;
  return state->record;
}

absl::Status Activation::AdoptStored(const StoredRecord& stored) {
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.TargetOf(parts_.planner.Configured(), stored.version));
  SIGNET_ASSIGN_OR_RETURN(const crypto::Record record, crypto::ParseRecord(stored.record));
  kms::CallContext call;
  call.deadline = parts_.clock.Monotonic() + options_.remote_call_timeout;
  call.cancellation = cancellation_;
  MadeKey key{stored.record, crypto::ComputeLocalKekId(stored.record), nullptr, {}};
  SIGNET_ASSIGN_OR_RETURN(key.kek, parts_.unwrapper.Unwrap(stored.record, record, call));
  const absl::Status adopted = parts_.publisher.Adopt(target, stored, key);
  if (adopted.ok() || absl::IsOutOfRange(adopted)) return adopted;
  return FallBackToUnstored(target, adopted);
}

absl::Status Activation::MakeAndInstall(const KeyTarget& target, absl::string_view reason,
                                        KeyMaker::Missing missing) {
  SIGNET_ASSIGN_OR_RETURN(const MadeKey made, parts_.maker.Make(target, missing, cancellation_));
  const absl::Status installed = parts_.publisher.Install(target, made, reason);
  if (installed.ok()) return installed;
  return FallBackToUnstored(target, installed);
}

// The key that could not be written is dropped, not used: the disk may hold it all the same, with fewer uses
// than it would have had.
absl::Status Activation::FallBackToUnstored(const KeyTarget& target, const absl::Status& write_error) {
  parts_.observer.OnStateProblem("state", write_error);
  if (!parts_.publisher.MayPublishUnstored(target)) return write_error;
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current != nullptr && !NeedsRenewal(*current)) return write_error;
  SIGNET_ASSIGN_OR_RETURN(const MadeKey made,
                          parts_.maker.Make(target, KeyMaker::Missing::kRefuse, cancellation_));
  parts_.publisher.PublishUnstored(target, made);
  parts_.problems.Set("not_stored", "the state directory cannot be written; this key ends with the process",
                      "make room, or give signetd its directory back");
  return absl::OkStatus();
}

absl::Status Activation::Renew(absl::string_view reason) {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.TargetOf(parts_.planner.Configured(), current->key->remote_version));
  const absl::Status renewed = MakeAndInstall(target, reason);
  // The KMS wraps under another version by now: the watcher is to find out which.
  if (absl::IsAborted(renewed)) follower_.AskSoon();
  return renewed;
}

// The disk is tried before the KMS is asked for anything: while it fails, no key is made in vain.
absl::Status Activation::ReplaceUnstored() {
  if (const absl::Status written = parts_.store.Update([](PersistentState&) { return true; });
      !written.ok()) {
    parts_.observer.OnStateProblem("state", written);
    return written;
  }
  SIGNET_RETURN_IF_ERROR(Renew("state directory writable again"));
  parts_.problems.Clear("not_stored");
  return absl::OkStatus();
}

absl::StatusOr<std::string> Activation::RotateLocal() {
  if (parts_.slot.Get() == nullptr) return absl::FailedPreconditionError("there is no active key yet");
  if (follower_.has_pending()) {
    return absl::FailedPreconditionError("a new version is pending: it brings a new local key");
  }
  SIGNET_RETURN_IF_ERROR(Renew("rotated by an operator"));
  return std::string(
      "a new local key encrypts; kube-apiserver keeps its seed until it restarts or sees a new key_id");
}

absl::StatusOr<std::string> Activation::RotateRemote(const std::string& name) {
  const Provider* const provider =
      name.empty() ? parts_.planner.Configured().active : parts_.providers.FindByName(name);
  if (provider == nullptr) return absl::NotFoundError(absl::StrCat("no provider is named ", name));
  kms::CallContext call;
  call.deadline = parts_.clock.Monotonic() + options_.remote_call_timeout;
  call.cancellation = cancellation_;
  SIGNET_RETURN_IF_ERROR(parts_.providers.Rotate(*provider, call));
  follower_.AskSoon();
  return absl::StrCat(provider->name, " has a new version; it is announced once it is confirmed and proved");
}

absl::StatusOr<std::string> Activation::Purge() {
  const size_t purged = guard_.PurgeAll(
      absl::UnavailableError("the local keys were purged and are being read back"), "purged by an operator");
  stored_rejected_ = false;
  return absl::StrCat(purged, " local KEKs left memory; Decrypt asks the KMS again");
}

absl::StatusOr<std::string> Activation::Refresh() {
  probe_.AskSoon();
  SIGNET_RETURN_IF_ERROR(follower_.Look());
  return std::string(follower_.has_pending() ? "the KMS was asked; a version is pending"
                                             : "the KMS was asked");
}

absl::StatusOr<std::string> Activation::Accept(const std::string& key_id) { return follower_.Accept(key_id); }

bool Activation::NeedsRenewal(const PublishedKey& published) const {
  return published.uses->NeedsRenewal() || parts_.clock.BootTime() >= published.renew_at;
}

bool Activation::IsIncomplete(const PublishedKey& published) const {
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(published.key->record);
  return record.ok() && record->entries.size() < parts_.planner.Configured().wrap_set.size();
}

absl::Duration Activation::LongestRetry() const {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  const bool works = current != nullptr && current->key->stored && current->uses->Usable() &&
                     parts_.clock.BootTime() < current->expires_at;
  return works ? kLongestRetryWithKey : kLongestRetryWithoutKey;
}

absl::Duration Activation::UntilNextLook() const {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  const MonotonicTime now = parts_.clock.Monotonic();
  const absl::Duration boot = parts_.clock.BootTime();
  absl::Duration next = std::min(kLongestSleep, guard_.next());
  if (current != nullptr || refused_ || guard_.stopped()) next = std::min(next, probe_.next() - now);
  if (current == nullptr) {
    if (!guard_.stopped()) next = std::min(next, retry_.Wait());
    return std::max(next, absl::Milliseconds(10));
  }
  next = std::min(next, follower_.next() - now);
  // When writes stop, that is to be told.
  for (const absl::Duration limit : {current->expires_at - boot, parts_.offline.ends_at() - boot}) {
    if (limit > absl::ZeroDuration()) next = std::min(next, limit);
  }
  const bool wants = !current->key->stored || NeedsRenewal(*current) || IsIncomplete(*current);
  if (!follower_.has_pending() && !guard_.stopped()) {
    next = std::min(next, wants ? retry_.Wait() : current->renew_at - boot);
  }
  return std::max(next, absl::Milliseconds(10));
}

}  // namespace signet

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

}  // namespace

Activation::Activation(Options options, Parts parts, std::function<void()> on_first_key)
    : options_(std::move(options)),
      parts_(parts),
      on_first_key_(std::move(on_first_key)),
      writes_(parts_.gate, parts_.clock, parts_.feed),
      budgets_(options_.follower.timing.interval, options_.probe.interval, parts_.clock),
      installer_({parts_.maker, parts_.publisher, parts_.slot, parts_.problems, parts_.observer, parts_.clock,
                  cancellation_}),
      follower_(options_.follower, {parts_.maker, parts_.planner, parts_.publisher, parts_.store, parts_.slot,
                                    parts_.problems, parts_.board, budgets_, parts_.clock, parts_.random,
                                    parts_.observer, parts_.feed, cancellation_}),
      wrap_set_({options_.follower.timing, options_.follower.activation_delay, options_.remote_call_timeout},
                {parts_.providers, parts_.slot, budgets_, parts_.clock, parts_.random, cancellation_}),
      first_key_({options_.remote_call_timeout, options_.allow_degraded_start},
                 {parts_.maker, parts_.planner, parts_.unwrapper, parts_.publisher, parts_.store, installer_,
                  follower_, parts_.clock, cancellation_}),
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
          },
          [this](const std::string& provider, const kms::RemoteVersion& version) {
            wrap_set_.HearProbe(provider, version);
          }),
      guard_(options_.guard, {parts_.providers, parts_.store, parts_.slot, parts_.board, parts_.cache,
                              parts_.publisher, follower_, parts_.gate, parts_.clock, parts_.feed}),
      retry_(parts_.clock, parts_.random),
      suspended_(parts_.clock.BootTime() - parts_.clock.Monotonic()),
      strand_([this] { return Step(); }, parts_.reserved, parts_.timers, parts_.clock) {}

void Activation::Stop() {
  strand_.Stop();
  cancellation_->Cancel();
  posted_.Stop();
}

void Activation::Post(PostedWork::Work work) {
  if (posted_.Post(std::move(work))) strand_.Kick();
}

bool Activation::MayKeep() const {
  if (!guard_.stopped() || MoveIsDue()) return true;
  const std::vector<const Provider*>& wrap_set = follower_.plan().wrap_set;
  return std::find(wrap_set.begin(), wrap_set.end(), guard_.stopped_by()) == wrap_set.end();
}

absl::Duration Activation::Step() {
  posted_.RunAll();
  NoticeSuspension();
  if (MayKeep() && retry_.Allowed()) Keep();
  if (cancellation_->cancelled()) return absl::InfiniteDuration();
  const bool has_key = parts_.slot.Get() != nullptr;
  if (has_key) {
    first_key_.NoteServed();
    if (!std::exchange(had_first_key_, true)) on_first_key_();
    follower_.Step();
    wrap_set_.Step();
  }
  if (has_key || refused_ || guard_.stopped()) probe_.Step();
  if (cancellation_->cancelled()) return absl::InfiniteDuration();
  guard_.Step();
  TryNewerVersion();
  WatchMoves();
  writes_.Report();
  return UntilNextLook();
}

void Activation::NoticeSuspension() {
  constexpr absl::Duration kNoticed = absl::Seconds(10);
  const absl::Duration suspended = parts_.clock.BootTime() - parts_.clock.Monotonic();
  if (suspended - suspended_ < kNoticed) return;
  suspended_ = suspended;
  AskSoon();
}

void Activation::AskSoon() {
  probe_.AskSoon();
  follower_.AskSoon();
  wrap_set_.AskSoon();
}

std::vector<const Provider*> Activation::Revoked() const {
  std::vector<const Provider*> revoked;
  if (!guard_.stopped() || parts_.slot.Get() != nullptr) return revoked;
  for (const Provider* provider : follower_.plan().wrap_set) {
    if (parts_.board.Class(provider->name) == ProviderClass::kRevoked) revoked.push_back(provider);
  }
  return revoked;
}

void Activation::TryNewerVersion() {
  const std::vector<const Provider*> revoked = Revoked();
  if (revoked.empty() || parts_.clock.Monotonic() < newer_due_) return;
  const bool local = std::all_of(revoked.begin(), revoked.end(), [](const Provider* provider) {
    return provider->client->type() == crypto::ProviderType::kLocal;
  });
  newer_due_ = parts_.clock.Monotonic() +
               (local ? UnwrapProbe::kLocalIntervalWithoutKey : UnwrapProbe::kIntervalWithoutKey);
  // No budget holds up a recovery; the intervals keep within it by themselves.
  for (const Provider* provider : revoked) budgets_.Count(*provider);
  if (!first_key_.ObtainNewer(revoked).ok()) return;
  // What was made was unwrapped by all of them just now.
  for (const Provider* provider : revoked) parts_.board.HearProbe(provider->name, absl::OkStatus());
  guard_.Step();
}

void Activation::TakeUpVersion() {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  const absl::StatusOr<KeyTarget> target = parts_.maker.LearnVersion(follower_.plan(), cancellation_);
  if (!target.ok() || current == nullptr || target->announcement.key_id == current->key->key_id) return;
  if (parts_.publisher.Judge(target->announcement) != KeyHistory::Verdict::kNew) return AskSoon();
  follower_.DropPending("it is taken up at once");
  if (installer_.MakeAndInstall(*target, "named by a wrap").ok()) follower_.NoteAsked();
}

void Activation::Keep() {
  const absl::Status status = DoWhatIsDue();
  if (cancellation_->cancelled()) return;
  if (!status.ok()) return ExplainFailure(status, retry_.Failed(LongestRetry()));
  retry_.Succeeded();
  refused_ = false;
  parts_.problems.Clear("no_key");
  if (const auto now = parts_.slot.Get(); now != nullptr && !installer_.NeedsRenewal(*now)) {
    parts_.problems.Clear("limit_near");
  }
}

absl::Status Activation::DoWhatIsDue() {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr) return first_key_.Obtain();
  if (MoveIsDue()) {
    const absl::Status moved = Move();
    // The old plan serves on, and must not run out meanwhile.
    if (moved.ok() || !installer_.NeedsRenewal(*current)) return moved;
  }
  // Under the old version nothing new is made.
  if (follower_.has_pending()) return absl::OkStatus();
  if (!current->key->stored) return ReplaceUnstored();
  if (installer_.NeedsRenewal(*current)) return Renew("renewal");
  if (IsIncomplete(*current)) return Renew("wrapped by the whole wrap-set");
  if (wrap_set_.RenewalIsDue()) {
    wrap_set_.NoteRenewal();
    return Renew("another provider of the wrap-set has a new version");
  }
  return absl::OkStatus();
}

void Activation::ExplainFailure(const absl::Status& status, absl::Duration retry_in) {
  const std::string code = absl::StatusCodeToString(status.code());
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr) {
    refused_ = absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status);
    if (refused_ && first_key_.superseded().ok()) probe_.AskSoon();
    const std::string text = first_key_.superseded().ok() ? absl::StrCat("no active key yet: ", code)
                                                          : std::string(first_key_.superseded().message());
    parts_.slot.SetProblem(absl::UnavailableError(text));
    parts_.problems.Set("no_key", text, "");
  } else if (current->key->stored && installer_.NeedsRenewal(*current)) {
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

absl::Status Activation::Renew(absl::string_view reason) {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.TargetOf(follower_.plan(), current->key->remote_version));
  const absl::Status renewed = installer_.MakeAndInstall(target, reason);
  // The KMS wraps under another version by now: the watcher is to find out which.
  if (absl::IsAborted(renewed)) follower_.AskSoon();
  return renewed;
}

absl::Status Activation::Move() {
  const KeyPlan plan = parts_.planner.Now();
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, parts_.maker.Describe(plan, cancellation_));
  switch (parts_.publisher.Judge(target.announcement)) {
    case KeyHistory::Verdict::kNewest:
      break;
    case KeyHistory::Verdict::kNew:
      SIGNET_RETURN_IF_ERROR(installer_.MakeAndInstall(target, "moved"));
      break;
    case KeyHistory::Verdict::kSuperseded: {
      const std::string text = absl::StrCat("what is configured would announce ", target.announcement.key_id,
                                            ", which was superseded");
      parts_.problems.Set(
          "move_waits", text,
          absl::StrCat("set key_id_generation to ", parts_.publisher.NextGeneration(target.announcement),
                       " on every node"));
      return absl::FailedPreconditionError(text);
    }
  }
  follower_.SetPlan(plan);
  follower_.NoteAsked();
  parts_.problems.Clear("move_waits");
  return absl::OkStatus();
}

void Activation::WatchMoves() {
  const absl::Duration wait = parts_.planner.Wait();
  if (wait > absl::ZeroDuration()) {
    const std::string at =
        absl::FormatTime(absl::RFC3339_sec, parts_.clock.Wall() + wait, absl::UTCTimeZone());
    std::string text =
        absl::StrCat("what is configured is announced at ", at, "; until then signetd goes on as before");
    KeyEvent event;
    event.kind = KeyEvent::Kind::kMoveWaits;
    event.provider = parts_.planner.Configured().active->name;
    event.detail = text;
    if (parts_.problems.Set("move_waits", std::move(text),
                            "load the same configuration on every node by then")) {
      parts_.feed.Publish(std::move(event));
    }
  } else if (!MoveIsDue()) {
    parts_.problems.Clear("move_waits");
  }
  if (parts_.slot.Get() != nullptr && parts_.planner.NeedsRemembering()) {
    // A disk that cannot be written is told of where it matters; the process remembers.
    (void)parts_.store.Update([this](PersistentState& state) { return parts_.planner.Remember(state); });
  }
}

// The disk is tried before the KMS is asked for anything: while it fails, no key is made in vain.
absl::Status Activation::ReplaceUnstored() {
  if (const absl::Status written = parts_.store.Update([](PersistentState&) { return true; });
      !written.ok()) {
    parts_.observer.OnStateProblem("state", written);
    return written;
  }
  SIGNET_RETURN_IF_ERROR(Renew("state directory writable again"));
  parts_.problems.Clear(KeyInstaller::kNotStored);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Activation::RotateLocal() {
  if (parts_.slot.Get() == nullptr) return absl::FailedPreconditionError("there is no active key yet");
  if (guard_.stopped()) return absl::FailedPreconditionError("the remote key is denied or revoked");
  if (follower_.has_pending()) {
    return absl::FailedPreconditionError("a new version is pending: it brings a new local key");
  }
  const absl::Status renewed = Renew("rotated by an operator");
  if (absl::IsAborted(renewed)) {
    return absl::FailedPreconditionError(
        "the KMS wraps under another version than the announced one: once that is confirmed it brings a new "
        "local key");
  }
  SIGNET_RETURN_IF_ERROR(renewed);
  return std::string(
      "a new local key encrypts; kube-apiserver keeps its seed until it restarts or sees a new key_id");
}

absl::StatusOr<std::string> Activation::RotateRemote(const std::string& name) {
  const Provider* const provider = name.empty() ? follower_.plan().active : parts_.providers.FindByName(name);
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
  first_key_.Retry();
  return absl::StrCat(purged, " local KEKs left memory; Decrypt asks the KMS again");
}

absl::StatusOr<std::string> Activation::Refresh() {
  probe_.AskSoon();
  SIGNET_RETURN_IF_ERROR(follower_.Look());
  return std::string(follower_.has_pending() ? "the KMS was asked; a version is pending"
                                             : "the KMS was asked");
}

absl::StatusOr<std::string> Activation::Accept(const std::string& key_id) { return follower_.Accept(key_id); }

bool Activation::IsIncomplete(const PublishedKey& published) const {
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(published.key->record);
  return record.ok() && record->entries.size() < follower_.plan().wrap_set.size();
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
    if (MayKeep()) next = std::min(next, retry_.Wait());
    if (!Revoked().empty()) next = std::min(next, newer_due_ - now);
    return std::max(next, absl::Milliseconds(10));
  }
  next = std::min({next, follower_.next() - now, wrap_set_.next() - now});
  if (const absl::Duration wait = parts_.planner.Wait(); wait > absl::ZeroDuration()) {
    next = std::min(next, wait);
  } else if (MoveIsDue()) {
    next = std::min(next, retry_.Wait());
  }
  // When writes stop, that is to be told.
  for (const absl::Duration limit : {current->expires_at - boot, parts_.offline.ends_at() - boot}) {
    if (limit > absl::ZeroDuration()) next = std::min(next, limit);
  }
  const bool wants = !current->key->stored || installer_.NeedsRenewal(*current) || IsIncomplete(*current) ||
                     wrap_set_.RenewalIsDue();
  if (!follower_.has_pending() && !guard_.stopped()) {
    next = std::min(next, wants ? retry_.Wait() : current->renew_at - boot);
  }
  return std::max(next, absl::Milliseconds(10));
}

}  // namespace signet

#include "plugin/hierarchy/activation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

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
      backoff_(parts_.random),
      reserve_backoff_(parts_.random),
      announced_(parts_.store.Current()->history),
      keys_([this] { return Step(); }, parts_.reserved, parts_.timers, parts_.clock),
      reservations_([this] { return ReserveUses(); }, parts_.reserved, parts_.timers, parts_.clock) {}

void Activation::Start() { keys_.Kick(); }

void Activation::Stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
  }
  keys_.Stop();
  reservations_.Stop();
  cancellation_->Cancel();
  RunPosted(absl::CancelledError("signetd is stopping"));
}

void Activation::Attend() {
  reservations_.Kick();
  keys_.Kick();
}

std::vector<std::string> Activation::History() const {
  MutexLock lock(mutex_);
  std::vector<std::string> key_ids;
  key_ids.reserve(announced_.entries().size());
  for (const AnnouncedKey& entry : announced_.entries()) key_ids.push_back(entry.key_id);
  return key_ids;
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
  keys_.Kick();
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

absl::Status Activation::RotateLocal() {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr) return absl::FailedPreconditionError("there is no active key yet");
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, parts_.maker.TargetOf(current->key->remote_version));
  return MakeAndPublish(target, "rotated by an operator");
}

absl::Status Activation::Refresh() {
  if (parts_.slot.Get() == nullptr) return absl::FailedPreconditionError("there is no active key yet");
  return FollowProvider();
}

absl::Duration Activation::Step() {
  RunPosted(absl::OkStatus());
  const absl::Status status = DoWhatIsNeeded();
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (status.ok()) {
    backoff_.Reset();
    return UntilNextLook(*current);
  }
  if (cancellation_->cancelled()) return absl::InfiniteDuration();
  const bool works = current != nullptr && current->key->stored && current->uses->Usable() &&
                     parts_.clock.BootTime() < current->expires_at;
  const absl::Duration retry_in = backoff_.Next(works ? kLongestRetryWithKey : kLongestRetryWithoutKey);
  if (current == nullptr) {
    parts_.slot.SetProblem(superseded_.ok()
                               ? absl::UnavailableError(absl::StrCat("no active key yet: ",
                                                                     absl::StatusCodeToString(status.code())))
                               : absl::UnavailableError(superseded_.message()));
  }
  parts_.observer.OnActivationFailed(status, retry_in);
  return retry_in;
}

absl::Status Activation::DoWhatIsNeeded() {
  if (parts_.slot.Get() == nullptr) {
    SIGNET_RETURN_IF_ERROR(ObtainFirst());
    on_first_key_();
  }
  if (!followed_ || NeedsRenewal(*parts_.slot.Get())) SIGNET_RETURN_IF_ERROR(FollowProvider());
  if (!parts_.slot.Get()->key->stored) return ReplaceUnstored();
  return absl::OkStatus();
}

// A stored record goes first, without asking the provider for its version: after a power cut the KMS may be
// away, and a known key must not wait for it. The exception is `local`, whose Describe only reads memory:
// there "activate a version and restart" shows the new key_id as the first one, instead of the old one for
// the few milliseconds until the new key is made.
absl::Status Activation::ObtainFirst() {
  const std::optional<StoredRecord> stored = FittingStoredRecord();
  if (stored.has_value()) {
    if (parts_.maker.active().client->type() == crypto::ProviderType::kLocal && FollowProvider().ok() &&
        parts_.slot.Get() != nullptr) {
      return absl::OkStatus();
    }
    const absl::Status published = PublishStored(*stored);
    if (published.ok() || IsTransient(published)) return published;
    stored_rejected_ = absl::IsDataLoss(published) || absl::IsInvalidArgument(published) ||
                       absl::IsNotFound(published) || absl::IsOutOfRange(published);
  }
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, DescribeCurrent());
  SIGNET_RETURN_IF_ERROR(MakeAndPublish(target, stored.has_value() ? "stored record unusable" : "first key"));
  followed_ = true;
  return absl::OkStatus();
}

std::optional<StoredRecord> Activation::FittingStoredRecord() const {
  const std::shared_ptr<const PersistentState> state = parts_.store.Current();
  if (stored_rejected_ || !state->record.has_value() || state->history.empty()) return std::nullopt;
  // The key_id is made of provider, wrap-set, version and generation: when it is the newest of history and
  // what the configuration makes of the stored version, all of them fit.
  const absl::StatusOr<KeyTarget> target = parts_.maker.TargetOf(state->record->version);
  if (!target.ok() || target->announcement.key_id != state->history.newest().key_id) return std::nullopt;
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(state->record->record);
  if (!record.ok() || record->key_id != target->announcement.key_id) return std::nullopt;
  return state->record;
}

// OUT_OF_RANGE: the record is good, but its key has reached its limits.
absl::Status Activation::PublishStored(const StoredRecord& stored) {
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, parts_.maker.TargetOf(stored.version));
  SIGNET_ASSIGN_OR_RETURN(const crypto::Record record, crypto::ParseRecord(stored.record));
  kms::CallContext call;
  call.deadline = parts_.clock.Monotonic() + options_.remote_call_timeout;
  call.cancellation = cancellation_;
  SIGNET_ASSIGN_OR_RETURN(std::shared_ptr<const crypto::LocalKek> kek,
                          parts_.unwrapper.Unwrap(stored.record, record, call));
  MadeKey key{stored.record, crypto::ComputeLocalKekId(stored.record), std::move(kek)};

  const TimeMark now = MarkNow(parts_.clock);
  const absl::Duration age = Elapsed(stored.created, now, parts_.store.Current()->highest_wall_seen);
  if (age >= options_.lifetime || stored.reserved_uses >= options_.max_uses) {
    parts_.cache.Insert(key.id, std::make_shared<VerifiedKek>(
                                    VerifiedKek{record.key_id, record.created_unix_seconds, key.kek}));
    return absl::OutOfRangeError("the stored local key has reached its limits");
  }
  auto uses = std::make_shared<UseCounter>(stored.reserved_uses, stored.reserved_uses, options_.max_uses);
  const uint64_t reserved = uses->NextReserved();
  const absl::Status written = parts_.store.Update([&](PersistentState& state) {
    state.record->reserved_uses = reserved;
    state.last_remote_success = now;
    return true;
  });
  if (!written.ok()) {
    parts_.cache.Insert(key.id, std::make_shared<VerifiedKek>(
                                    VerifiedKek{record.key_id, record.created_unix_seconds, key.kek}));
    return PublishUnstored(target, written);
  }
  uses->Extend(reserved);
  Publish(target, std::move(key), stored.created, std::move(uses), /*stored=*/true, "stored record");
  return absl::OkStatus();
}

absl::StatusOr<KeyTarget> Activation::DescribeCurrent() {
  superseded_ = absl::OkStatus();
  SIGNET_ASSIGN_OR_RETURN(KeyTarget target, parts_.maker.Describe(cancellation_));
  MutexLock lock(mutex_);
  if (announced_.Judge(target.announcement) == KeyHistory::Verdict::kSuperseded) {
    superseded_ = absl::FailedPreconditionError(
        absl::StrCat("the KMS names a superseded key version; to use it, set key_id_generation to ",
                     announced_.NextGeneration(target.announcement), " on every node"));
    return superseded_;
  }
  return target;
}

absl::Status Activation::FollowProvider() {
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, DescribeCurrent());
  bool known = false;
  {
    MutexLock lock(mutex_);
    known = announced_.Judge(target.announcement) == KeyHistory::Verdict::kNewest;
  }
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (!known) {
    SIGNET_RETURN_IF_ERROR(MakeAndPublish(target, "new version"));
  } else if (current != nullptr && NeedsRenewal(*current)) {
    SIGNET_RETURN_IF_ERROR(MakeAndPublish(target, "renewal"));
  }
  followed_ = true;
  return absl::OkStatus();
}

// The disk is tried before the KMS is asked for anything: while it fails, no key is made in vain.
absl::Status Activation::ReplaceUnstored() {
  const absl::Status written = parts_.store.Update([](PersistentState&) { return true; });
  if (!written.ok()) {
    parts_.observer.OnStateProblem("state", written);
    return written;
  }
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target, DescribeCurrent());
  return MakeAndPublish(target, "state directory writable again");
}

absl::Status Activation::MakeAndPublish(const KeyTarget& target, absl::string_view reason) {
  SIGNET_ASSIGN_OR_RETURN(MadeKey made, parts_.maker.Make(target, cancellation_));
  const TimeMark now = MarkNow(parts_.clock);
  KeyHistory history;
  {
    MutexLock lock(mutex_);
    history = announced_;
  }
  if (history.Judge(target.announcement) == KeyHistory::Verdict::kNew) history.Append(target.announcement);
  const uint64_t reserved = std::min(UseCounter::kBlock, options_.max_uses);
  const absl::Status written = parts_.store.Update([&](PersistentState& state) {
    state.history = history;
    state.record = StoredRecord{made.record, target.version, reserved, now};
    state.last_remote_success = now;
    return true;
  });
  if (!written.ok()) return PublishUnstored(target, written);
  Publish(target, std::move(made), now, std::make_shared<UseCounter>(0, reserved, options_.max_uses),
          /*stored=*/true, reason);
  return absl::OkStatus();
}

// The key that could not be written is dropped, not used: the disk may hold it all the same, with fewer uses
// than it would have had. A key_id that the disk does not know is not announced, or a restart could fall back
// behind it; only where the disk knows none at all there is nothing to fall back to.
absl::Status Activation::PublishUnstored(const KeyTarget& target, const absl::Status& write_error) {
  parts_.observer.OnStateProblem("state", write_error);
  const KeyHistory& durable = parts_.store.Current()->history;
  if (!durable.empty() && durable.newest().key_id != target.announcement.key_id) return write_error;
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current != nullptr && !NeedsRenewal(*current)) return write_error;
  SIGNET_ASSIGN_OR_RETURN(MadeKey made, parts_.maker.Make(target, cancellation_));
  Publish(target, std::move(made), MarkNow(parts_.clock),
          std::make_shared<UseCounter>(0, options_.max_uses, options_.max_uses), /*stored=*/false,
          "state directory not writable");
  return absl::OkStatus();
}

void Activation::Publish(const KeyTarget& target, MadeKey made, const TimeMark& created,
                         std::shared_ptr<UseCounter> uses, bool stored, absl::string_view reason) {
  auto key = std::make_shared<ActiveKey>();
  key->key_id = target.announcement.key_id;
  key->key_id_hash = crypto::KeyIdHash(key->key_id);
  key->provider_name = parts_.maker.active().name;
  key->remote_version = target.version;
  key->record = std::move(made.record);
  key->local_kek_id = made.id;
  key->local_kek = std::move(made.kek);
  key->created = created.wall;
  key->stored = stored;

  const absl::Duration age =
      Elapsed(created, MarkNow(parts_.clock), parts_.store.Current()->highest_wall_seen);
  const absl::Duration born_at = parts_.clock.BootTime() - age;
  auto published = std::make_shared<PublishedKey>();
  published->key = key;
  published->uses = std::move(uses);
  published->renew_at = born_at + options_.lifetime * 2 / 3;
  published->expires_at = born_at + options_.lifetime;

  {
    MutexLock lock(mutex_);
    if (announced_.Judge(target.announcement) == KeyHistory::Verdict::kNew)
      announced_.Append(target.announcement);
  }
  parts_.journal.Add(key->local_kek_id, key->record);
  // Before it loses its place, so that it can always be found in one of the two.
  if (const auto old = parts_.slot.Get(); old != nullptr) {
    parts_.cache.Insert(old->key->local_kek_id,
                        std::make_shared<VerifiedKek>(VerifiedKek{
                            old->key->key_id, static_cast<uint64_t>(absl::ToUnixSeconds(old->key->created)),
                            old->key->local_kek}));
  }
  parts_.slot.Publish(std::move(published));
  parts_.observer.OnActivated(*key, reason);
  KeyEvent event;
  event.kind = KeyEvent::Kind::kKeyActivated;
  event.provider = key->provider_name;
  event.key_id = key->key_id;
  event.local_kek_id = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(key->local_kek_id.data()), key->local_kek_id.size()));
  event.detail = std::string(reason);
  parts_.feed.Publish(std::move(event));
}

absl::Duration Activation::ReserveUses() {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr || !current->key->stored || !current->uses->NeedsReservation()) {
    return absl::InfiniteDuration();
  }
  const uint64_t reserved = current->uses->NextReserved();
  bool still_ours = false;
  const absl::Status written = parts_.store.Update([&](PersistentState& state) {
    still_ours = state.record.has_value() && state.record->record == current->key->record;
    if (still_ours) state.record->reserved_uses = reserved;
    return still_ours;
  });
  if (!written.ok()) {
    parts_.observer.OnStateProblem("state", written);
    current->uses->ReservationFailed();
    if (current->uses->NeedsRenewal()) keys_.Kick();
    return reserve_backoff_.Next(kLongestRetryWithoutKey);
  }
  reserve_backoff_.Reset();
  if (!still_ours) return absl::InfiniteDuration();
  current->uses->Extend(reserved);
  return absl::ZeroDuration();
}

void Activation::Close() {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  if (current == nullptr) return;
  const uint64_t used = current->uses->Close();
  const absl::Status written = parts_.store.Update([&](PersistentState& state) {
    if (!current->key->stored || !state.record.has_value() || state.record->record != current->key->record) {
      return false;
    }
    state.record->reserved_uses = used;
    return true;
  });
  if (!written.ok()) parts_.observer.OnStateProblem("state", written);
}

bool Activation::NeedsRenewal(const PublishedKey& published) const {
  return published.uses->NeedsRenewal() || parts_.clock.BootTime() >= published.renew_at;
}

absl::Duration Activation::UntilNextLook(const PublishedKey& published) const {
  const absl::Duration until_renewal = published.renew_at - parts_.clock.BootTime();
  return std::clamp(until_renewal, absl::Milliseconds(10), kLongestSleep);
}

}  // namespace signet

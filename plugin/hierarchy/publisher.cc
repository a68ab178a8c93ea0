#include "plugin/hierarchy/publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet {
namespace {

std::vector<RemoteKeyName> NamesOf(const std::vector<const Provider*>& providers) {
  std::vector<RemoteKeyName> names;
  names.reserve(providers.size());
  for (const Provider* provider : providers) names.push_back(NameOf(*provider));
  return names;
}

}  // namespace

Publisher::Publisher(Options options, Parts parts) : options_(options), parts_(parts) {
  const StateView state = parts_.store.Current();
  announced_ = state->history;
}

KeyHistory::Verdict Publisher::Judge(const AnnouncedKey& candidate) const {
  MutexLock lock(mutex_);
  return announced_.Judge(candidate);
}

uint32_t Publisher::NextGeneration(const AnnouncedKey& candidate) const {
  MutexLock lock(mutex_);
  return announced_.NextGeneration(candidate);
}

std::string Publisher::Newest() const {
  MutexLock lock(mutex_);
  return announced_.empty() ? std::string() : announced_.newest().key_id;
}

std::vector<std::string> Publisher::History() const {
  MutexLock lock(mutex_);
  std::vector<std::string> key_ids;
  key_ids.reserve(announced_.entries().size());
  for (const AnnouncedKey& entry : announced_.entries()) key_ids.push_back(entry.key_id);
  return key_ids;
}

absl::Status Publisher::Install(const KeyTarget& target, const MadeKey& made, absl::string_view reason) {
  const TimeMark now = parts_.store.Now();
  KeyHistory history;
  {
    MutexLock lock(mutex_);
    history = announced_;
  }
  if (history.Judge(target.announcement) == KeyHistory::Verdict::kNew) history.Append(target.announcement);
  const uint64_t reserved = std::min(UseCounter::kBlock, options_.max_uses);
  SIGNET_RETURN_IF_ERROR(parts_.store.Update([&](PersistentState& state) {
    state.history = history;
    state.record = StoredRecord{made.record, target.version, reserved, now, NamesOf(target.plan.wrap_set)};
    state.last_remote_success = now;
    parts_.planner.Remember(state);
    if (!made.missing.empty()) state.degraded_key_id = target.announcement.key_id;
    return true;
  }));
  Publish(target, made, now, std::make_shared<UseCounter>(0, reserved, options_.max_uses),
          /*stored=*/true, reason);
  return absl::OkStatus();
}

absl::Status Publisher::Adopt(const KeyTarget& target, const StoredRecord& stored, const MadeKey& key) {
  const TimeMark now = parts_.store.Now();
  const absl::Duration age = Elapsed(stored.created, now);
  if (age >= options_.lifetime || stored.reserved_uses >= options_.max_uses) {
    KeepInCache(target.announcement.key_id, stored.created.wall, key);
    return absl::OutOfRangeError("the stored local key has reached its limits");
  }
  auto uses = std::make_shared<UseCounter>(stored.reserved_uses, stored.reserved_uses, options_.max_uses);
  const uint64_t reserved = uses->NextReserved();
  absl::Status written = parts_.store.Update([&](PersistentState& state) {
    state.record->reserved_uses = reserved;
    state.last_remote_success = now;
    parts_.planner.Remember(state);
    return true;
  });
  if (!written.ok()) {
    KeepInCache(target.announcement.key_id, stored.created.wall, key);
    return written;
  }
  uses->Extend(reserved);
  Publish(target, key, stored.created, std::move(uses), /*stored=*/true, "stored record");
  return absl::OkStatus();
}

void Publisher::PublishUnstored(const KeyTarget& target, const MadeKey& made) {
  Publish(target, made, parts_.store.Now(),
          std::make_shared<UseCounter>(0, options_.max_uses, options_.max_uses), /*stored=*/false,
          "state directory not writable");
}

// A key_id that the disk does not know is not announced, or a restart could fall back behind it; only where
// the disk knows none at all there is nothing to fall back to.
bool Publisher::MayPublishUnstored(const KeyTarget& target) const {
  const StateView state = parts_.store.Current();
  const KeyHistory& durable = state->history;
  return durable.empty() || durable.newest().key_id == target.announcement.key_id;
}

void Publisher::KeepInCache(const std::string& key_id, absl::Time created, const MadeKey& key) {
  const int64_t seconds = std::max<int64_t>(absl::ToUnixSeconds(created), 0);
  VerifiedKek kek{key_id, static_cast<uint64_t>(seconds), key.kek, {}};
  if (const auto record = crypto::ParseRecord(key.record); record.ok()) kek.providers = NamesIn(*record);
  parts_.cache.Insert(key.id, std::make_shared<VerifiedKek>(std::move(kek)));
}

void Publisher::Publish(const KeyTarget& target, const MadeKey& made, const TimeMark& created,
                        std::shared_ptr<UseCounter> uses, bool stored, absl::string_view reason) {
  auto key = std::make_shared<ActiveKey>();
  key->key_id = target.announcement.key_id;
  key->key_id_hash = crypto::KeyIdHash(key->key_id);
  key->provider_name = target.plan.active->name;
  key->remote_version = target.version;
  key->record = made.record;
  key->local_kek_id = made.id;
  key->local_kek = made.kek;
  key->created = created.wall;
  key->stored = stored;

  const absl::Duration age = Elapsed(created, parts_.store.Now());
  const absl::Duration born_at = parts_.clock.BootTime() - age;
  auto published = std::make_shared<PublishedKey>();
  published->key = key;
  published->uses = std::move(uses);
  published->plan = target.plan;
  published->wrapped_under = made.wrapped_under;
  published->renew_at = born_at + options_.lifetime * 2 / 3;
  published->expires_at = born_at + options_.lifetime;
  {
    MutexLock lock(mutex_);
    if (announced_.Judge(target.announcement) == KeyHistory::Verdict::kNew) {
      announced_.Append(target.announcement);
    }
  }
  parts_.journal.Add(key->local_kek_id, key->record);
  // Before it loses its place, so that it can always be found in one of the two.
  if (const auto old = parts_.slot.Get(); old != nullptr) {
    KeepInCache(old->key->key_id, old->key->created,
                MadeKey{old->key->record, old->key->local_kek_id, old->key->local_kek});
  }
  parts_.slot.Publish(std::move(published));
  if (const absl::Status written = parts_.offline.Succeeded(); !written.ok() && stored) {
    parts_.observer.OnStateProblem("state", written);
  }
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

void Publisher::Retract(absl::Status problem) {
  const std::shared_ptr<const PublishedKey> current = parts_.slot.Get();
  parts_.slot.Retract(std::move(problem));
  if (current != nullptr) Close(*current);
}

void Publisher::Close() {
  if (const std::shared_ptr<const PublishedKey> current = parts_.slot.Get(); current != nullptr) {
    Close(*current);
  }
}

void Publisher::Close(const PublishedKey& published) {
  const PublishedKey* const current = &published;
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

}  // namespace signet

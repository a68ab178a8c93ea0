#include "plugin/hierarchy/key_guard.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/unshared_status.h"
#include "plugin/hierarchy/key_plan.h"

namespace signet {

const Provider* KeyGuard::FindStopped(absl::Status& status) const {
  std::string bytes;
  if (const auto published = parts_.slot.Get(); published != nullptr) {
    bytes = published->key->record;
  } else if (const StateView state = parts_.store.Current(); state->record.has_value()) {
    bytes = state->record->record;
  }
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(bytes);
  if (!record.ok()) return nullptr;
  const Provider* denied = nullptr;
  for (const crypto::RecordEntry& entry : record->entries) {
    const Provider* const provider = parts_.providers.Find(entry.provider_type, entry.fingerprint);
    if (provider != nullptr) {
      const ProviderClass provider_class = parts_.board.Class(provider->name);
      // The worse news win: they leave no grace.
      if (provider_class == ProviderClass::kRevoked) {
        status = parts_.board.Stopped(provider->name);
        return provider;
      }
      if (provider_class == ProviderClass::kDenied && denied == nullptr) denied = provider;
    }
    if (options_.watch == Watch::kWriterOnly) break;
  }
  if (denied != nullptr) status = parts_.board.Stopped(denied->name);
  return denied;
}

void KeyGuard::Step() {
  absl::Status status;
  const Provider* const provider = FindStopped(status);
  stopped_by_ = provider;
  parts_.gate.SetStop(status);
  if (provider == nullptr) {
    purged_ = false;
    return denied_at_.reset();
  }
  if (parts_.board.Class(provider->name) == ProviderClass::kDenied) {
    const absl::Duration now = parts_.clock.BootTime();
    if (!denied_at_.has_value()) denied_at_ = now;
    if (now - *denied_at_ < options_.denied_grace) return;
  }
  if (!std::exchange(purged_, true)) PurgeProvider(*provider, status);
}

absl::Duration KeyGuard::next() const {
  if (!denied_at_.has_value()) return absl::InfiniteDuration();
  const absl::Duration left = *denied_at_ + options_.denied_grace - parts_.clock.BootTime();
  return left > absl::ZeroDuration() ? left : absl::InfiniteDuration();
}

void KeyGuard::PurgeProvider(const Provider& provider, const absl::Status& status) {
  const RemoteKeyName name = NameOf(provider);
  size_t purged = parts_.cache.EraseIf([&name](const VerifiedKek& kek) {
    return std::find(kek.providers.begin(), kek.providers.end(), name) != kek.providers.end();
  });
  parts_.follower.DropPending("the remote key is not usable");
  if (parts_.slot.Get() != nullptr) {
    parts_.publisher.Retract(UnsharedCopy(status));
    ++purged;
  }
  if (purged > 0) {
    Tell(purged, absl::StrCat("provider ", provider.name, " is ",
                              ProviderClassName(parts_.board.Class(provider.name))));
  }
}

size_t KeyGuard::PurgeAll(const absl::Status& problem, absl::string_view why) {
  size_t purged = parts_.cache.EraseIf([](const VerifiedKek&) { return true; });
  parts_.follower.DropPending(why);
  if (parts_.slot.Get() != nullptr) {
    parts_.publisher.Retract(UnsharedCopy(problem));
    ++purged;
  }
  Tell(purged, why);
  return purged;
}

void KeyGuard::PurgeKeyId(const std::string& key_id, absl::string_view why) {
  const size_t purged =
      parts_.cache.EraseIf([&key_id](const VerifiedKek& kek) { return kek.key_id == key_id; });
  if (purged > 0) Tell(purged, absl::StrCat(key_id, ": ", why));
}

void KeyGuard::Tell(size_t purged, absl::string_view why) {
  KeyEvent event;
  event.kind = KeyEvent::Kind::kKeysPurged;
  event.detail = absl::StrCat(purged, " local KEKs left memory: ", why);
  parts_.feed.Publish(std::move(event));
}

}  // namespace signet

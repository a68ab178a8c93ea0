#include "plugin/hierarchy/key_operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/unshared_status.h"

namespace signet {
namespace {

std::string Hex(const crypto::LocalKekId& id) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

// A record may say any time; beyond the year 36,000 nobody needs to know which.
constexpr uint64_t kLatestSeconds = uint64_t{1} << 40;

}  // namespace

void KeyOperations::Run(absl::string_view what, std::function<absl::StatusOr<std::string>()> work,
                        KeyOperationCallback done) {
  activation_.Post([this, what = std::string(what), work = std::move(work),
                    done = std::move(done)](const absl::Status& stopped) {
    if (!stopped.ok()) return done(stopped);
    absl::StatusOr<std::string> note = work();
    KeyEvent event;
    event.kind = KeyEvent::Kind::kOperation;
    event.detail =
        absl::StrCat(what, ": ", note.ok() ? *note : absl::StatusCodeToString(note.status().code()));
    feed_.Publish(std::move(event));
    if (!note.ok()) return done(UnsharedCopy(note.status()));
    done(Result(*std::move(note)));
  });
}

KeyOperationResult KeyOperations::Result(std::string note) const {
  KeyOperationResult result;
  result.note = std::move(note);
  if (const auto published = slot_.Get(); published != nullptr) {
    result.key_id = published->key->key_id;
    result.local_kek_id = Hex(published->key->local_kek_id);
  }
  if (const std::optional<PendingKey> pending = activation_.follower().Pending(); pending.has_value()) {
    result.pending_key_id = pending->key_id;
    result.pending_activates_at = pending->activates_at;
  }
  return result;
}

void KeyOperations::RotateLocalKek(KeyOperationCallback done) {
  Run(
      "rotate local", [this] { return activation_.RotateLocal(); }, std::move(done));
}

void KeyOperations::RotateRemoteKey(absl::string_view provider, KeyOperationCallback done) {
  Run(
      "rotate remote",
      [this, name = std::string(provider)]() -> absl::StatusOr<std::string> {
        if (!options_.allow_remote_rotation) {
          return absl::FailedPreconditionError("allow_remote_rotation is false");
        }
        return activation_.RotateRemote(name);
      },
      std::move(done));
}

void KeyOperations::RefreshRemoteKey(KeyOperationCallback done) {
  flights_.ForgetRefusals();
  Run(
      "refresh", [this] { return activation_.Refresh(); }, std::move(done));
}

void KeyOperations::AcceptKeyId(absl::string_view key_id, KeyOperationCallback done) {
  Run(
      "accept key_id", [this, wanted = std::string(key_id)] { return activation_.Accept(wanted); },
      std::move(done));
}

void KeyOperations::PurgeKeys(KeyOperationCallback done) {
  Run(
      "purge", [this] { return activation_.Purge(); }, std::move(done));
}

std::vector<LocalKeyInfo> KeyOperations::ListKeys() const {
  std::vector<LocalKeyInfo> keys;
  if (const auto published = slot_.Get(); published != nullptr) {
    const auto at = [now = clock_.Wall(), boot = clock_.BootTime()](absl::Duration when) {
      return now + (when - boot);
    };
    LocalKeyInfo info;
    info.id = published->key->local_kek_id;
    info.key_id = published->key->key_id;
    info.state = LocalKeyInfo::State::kActive;
    info.created = published->key->created;
    info.uses = published->uses->used();
    info.max_uses = options_.max_uses;
    info.renews = at(published->renew_at);
    info.expires = at(published->expires_at);
    info.stored = published->key->stored;
    keys.push_back(std::move(info));
  }
  if (std::optional<LocalKeyInfo> prepared = activation_.follower().Prepared()) {
    keys.push_back(*std::move(prepared));
  }
  for (const auto& [id, kek] : cache_.List()) {
    if (!keys.empty() && keys.front().id == id) continue;
    LocalKeyInfo info;
    info.id = id;
    info.key_id = kek->key_id;
    info.created =
        absl::FromUnixSeconds(static_cast<int64_t>(std::min(kek->created_unix_seconds, kLatestSeconds)));
    keys.push_back(std::move(info));
  }
  return keys;
}

}  // namespace signet

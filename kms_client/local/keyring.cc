#include "kms_client/local/keyring.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/digest.h"
#include "kms_client/fingerprint.h"

namespace signet::kms {
namespace {

using State = KeyringVersionState;

constexpr absl::string_view kCheckDomain("signet/v1/keyring-check\0", 24);

template <typename Array>
absl::string_view AsString(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Times are stored as whole seconds; a time kept in memory never says more than the file.
absl::Time WholeSeconds(absl::Time time) { return absl::FromUnixSeconds(absl::ToUnixSeconds(time)); }

bool IsLabel(absl::string_view label) {
  return label.size() <= kMaxKeyringLabelBytes &&
         std::all_of(label.begin(), label.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

absl::Status CheckLabel(absl::string_view label) {
  if (IsLabel(label)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a label is at most ", kMaxKeyringLabelBytes, " printable ASCII characters"));
}

bool HasBeenActive(const KeyringVersion& version, absl::Time now) {
  return version.activated ||
         (version.state == State::kEnabled && version.activate_at.has_value() && *version.activate_at <= now);
}

// Empty when `version` keeps every rule, else the rule.
absl::string_view BrokenRule(const KeyringVersion& version) {
  if (version.number == 0) return "a version without a number";
  if (version.state == State::kDestroyed ? !version.key.empty() : version.key.size() != kKeyringKeyBytes) {
    return "a key that does not fit its version's state";
  }
  if (version.activated && !version.activate_at.has_value()) return "a version active since never";
  if (version.state == State::kDestroyed && !version.activated && version.activate_at.has_value()) {
    return "a destroyed version that is to become active";
  }
  if (!IsLabel(version.label)) return "a label that is not printable";
  return "";
}

}  // namespace

absl::StatusOr<Keyring> Keyring::Generate(crypto::RandomSource& random, absl::Time now,
                                          absl::string_view label) {
  KeyringId id;
  SIGNET_RETURN_IF_ERROR(random.Fill(absl::MakeSpan(id)));
  Keyring keyring(id, /*revision=*/1, WholeSeconds(now));
  SIGNET_ASSIGN_OR_RETURN(const uint32_t number, keyring.Add(random, now, label));
  SIGNET_RETURN_IF_ERROR(keyring.Activate(number, std::nullopt, now));
  return keyring;
}

absl::StatusOr<Keyring> Keyring::FromParts(const KeyringId& id, uint64_t revision, absl::Time created,
                                           std::vector<KeyringVersion> versions) {
  if (revision == 0) return absl::DataLossError("keyring: no revision");
  if (versions.empty() || versions.size() > kMaxKeyringVersions) {
    return absl::DataLossError("keyring: no versions, or too many");
  }
  for (size_t i = 0; i < versions.size(); ++i) {
    if (const absl::string_view rule = BrokenRule(versions[i]); !rule.empty()) {
      return absl::DataLossError(absl::StrCat("keyring: ", rule));
    }
    if (i > 0 && versions[i].number <= versions[i - 1].number) {
      return absl::DataLossError("keyring: versions out of order");
    }
    for (size_t j = 0; j < i; ++j) {
      if (versions[j].id == versions[i].id) return absl::DataLossError("keyring: two versions of one id");
    }
  }
  Keyring keyring(id, revision, created);
  keyring.versions_ = std::move(versions);
  return keyring;
}

crypto::Fingerprint Keyring::fingerprint() const {
  return ComputeFingerprint(crypto::ProviderType::kLocal, {AsString(id_)});
}

const KeyringVersion* Keyring::Find(uint32_t number) const {
  for (const KeyringVersion& version : versions_) {
    if (version.number == number) return &version;
  }
  return nullptr;
}

const KeyringVersion* Keyring::FindById(absl::string_view version_id) const {
  for (const KeyringVersion& version : versions_) {
    if (AsString(version.id) == version_id) return &version;
  }
  return nullptr;
}

const KeyringVersion* Keyring::Active(absl::Time now) const {
  const auto found = std::find_if(versions_.rbegin(), versions_.rend(),
                                  [now](const KeyringVersion& v) { return HasBeenActive(v, now); });
  return found == versions_.rend() ? nullptr : &*found;
}

bool Keyring::Latch(absl::Time now) {
  bool changed = false;
  for (KeyringVersion& version : versions_) {
    if (version.activated || !HasBeenActive(version, now)) continue;
    version.activated = true;
    changed = true;
  }
  return changed;
}

absl::StatusOr<uint32_t> Keyring::Add(crypto::RandomSource& random, absl::Time now, absl::string_view label) {
  Latch(now);
  SIGNET_RETURN_IF_ERROR(CheckLabel(label));
  if (versions_.size() >= kMaxKeyringVersions ||
      (!versions_.empty() && versions_.back().number == UINT32_MAX)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the keyring is full: at most ", kMaxKeyringVersions, " versions"));
  }
  KeyringVersion version;
  version.number = versions_.empty() ? 1 : versions_.back().number + 1;
  version.created = version.state_changed = WholeSeconds(now);
  version.label = std::string(label);
  SIGNET_RETURN_IF_ERROR(random.Fill(absl::MakeSpan(version.id)));
  SIGNET_ASSIGN_OR_RETURN(version.key, crypto::SecretBytes::Create(kKeyringKeyBytes));
  SIGNET_RETURN_IF_ERROR(random.Fill(version.key.ExposeMutable()));
  versions_.push_back(std::move(version));
  return versions_.back().number;
}

absl::Status Keyring::Activate(uint32_t number, std::optional<absl::Time> at, absl::Time now) {
  Latch(now);
  SIGNET_ASSIGN_OR_RETURN(KeyringVersion* const version, Require(number));
  const KeyringVersion* const active = Active(now);
  if (active == version && !at.has_value()) return absl::OkStatus();
  if (active != nullptr && active->number >= number) {
    return absl::FailedPreconditionError(
        active == version ? absl::StrCat("version ", number, " is active already")
                          : absl::StrCat("version ", number, " was superseded by version ", active->number,
                                         ": a key_id never comes back, add a new version"));
  }
  if (version->state != State::kEnabled) {
    return absl::FailedPreconditionError(
        absl::StrCat("version ", number, " is ", KeyringVersionStateName(version->state)));
  }
  const absl::Time time = WholeSeconds(at.value_or(now));
  if (at.has_value() && time <= now) {
    return absl::InvalidArgumentError("the activation time must lie in the future");
  }
  version->activate_at = time;
  version->activated = !at.has_value();
  return absl::OkStatus();
}

absl::Status Keyring::Disable(uint32_t number, absl::Time now) {
  Latch(now);
  SIGNET_ASSIGN_OR_RETURN(KeyringVersion* const version, Require(number));
  if (version->state == State::kDisabled) return absl::OkStatus();
  if (version->state == State::kDestroyed) {
    return absl::FailedPreconditionError(absl::StrCat("version ", number, " is destroyed"));
  }
  version->state = State::kDisabled;
  version->state_changed = WholeSeconds(now);
  return absl::OkStatus();
}

absl::Status Keyring::Enable(uint32_t number, absl::Time now) {
  Latch(now);
  SIGNET_ASSIGN_OR_RETURN(KeyringVersion* const version, Require(number));
  if (version->state == State::kEnabled) return absl::OkStatus();
  if (version->state == State::kDestroyed) {
    return absl::FailedPreconditionError(absl::StrCat("version ", number, " is destroyed for good"));
  }
  if (!version->activated && version->activate_at.has_value() && *version->activate_at <= now) {
    version->activate_at.reset();
  }
  version->state = State::kEnabled;
  version->state_changed = WholeSeconds(now);
  return absl::OkStatus();
}

absl::Status Keyring::Destroy(uint32_t number, absl::Time now) {
  Latch(now);
  SIGNET_ASSIGN_OR_RETURN(KeyringVersion* const version, Require(number));
  if (version->state == State::kDestroyed) return absl::OkStatus();
  if (version == Active(now)) {
    return absl::FailedPreconditionError(
        absl::StrCat("version ", number, " is active: activate another one first"));
  }
  version->state = State::kDestroyed;
  version->state_changed = WholeSeconds(now);
  version->key = crypto::SecretBytes();
  if (!version->activated) version->activate_at.reset();
  return absl::OkStatus();
}

void Keyring::Insert(KeyringVersion version) {
  const auto place =
      std::find_if(versions_.begin(), versions_.end(),
                   [&version](const KeyringVersion& other) { return other.number > version.number; });
  versions_.insert(place, std::move(version));
}

KeyringVersion* Keyring::MutableVersion(uint32_t number) {
  return const_cast<KeyringVersion*>(std::as_const(*this).Find(number));
}

absl::StatusOr<KeyringVersion*> Keyring::Require(uint32_t number) {
  KeyringVersion* const version = MutableVersion(number);
  if (version == nullptr) return absl::NotFoundError(absl::StrCat("the keyring has no version ", number));
  return version;
}

absl::StatusOr<std::string> KeyringCheckValue(const Keyring& keyring, const KeyringVersion& version) {
  if (version.key.empty()) return std::string();
  SIGNET_ASSIGN_OR_RETURN(
      const crypto::Sha256Digest mac,
      crypto::HmacSha256(version.key.Expose(), {kCheckDomain, AsString(keyring.id()), AsString(version.id)}));
  return absl::BytesToHexString(AsString(mac).substr(0, 4));
}

absl::string_view KeyringVersionStateName(KeyringVersionState state) {
  switch (state) {
    case State::kEnabled:
      return "enabled";
    case State::kDisabled:
      return "disabled";
    case State::kDestroyed:
      return "destroyed";
  }
  return "unknown";
}

}  // namespace signet::kms

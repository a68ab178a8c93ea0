#include "kms_client/local/keyring_merge.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace signet::kms {
namespace {

using State = KeyringVersionState;

absl::string_view IdOf(const KeyringVersion& version) {
  return {reinterpret_cast<const char*>(version.id.data()), version.id.size()};
}

absl::Status Conflict(uint32_t number, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("conflict: version ", number, " ", what));
}

bool IsDestroyed(const KeyringVersion& version) { return version.state == State::kDestroyed; }

bool HaveTwoKeys(const KeyringVersion& a, const KeyringVersion& b) {
  return !IsDestroyed(a) && !IsDestroyed(b) && a.key != b.key;
}

bool IsFuture(const KeyringVersion& version, absl::Time now) {
  return !version.activated && version.activate_at.has_value() && *version.activate_at > now;
}

absl::Status CheckConflicts(const Keyring& from, absl::Time now, const Keyring& into) {
  if (from.id() != into.id()) return absl::FailedPreconditionError("it is another keyring");
  for (const KeyringVersion& theirs : from.versions()) {
    const KeyringVersion* const same_id = into.FindById(IdOf(theirs));
    if (same_id != nullptr && same_id->number != theirs.number) {
      return Conflict(theirs.number, "has another number here");
    }
    const KeyringVersion* const ours = into.Find(theirs.number);
    if (ours == nullptr) continue;
    if (ours->id != theirs.id) return Conflict(theirs.number, "was added on two nodes");
    if (HaveTwoKeys(*ours, theirs)) return Conflict(theirs.number, "has another key here");
    if (IsFuture(*ours, now) && IsFuture(theirs, now) && ours->activate_at != theirs.activate_at) {
      return Conflict(theirs.number,
                      "is to become active at another time here: activate it anew on one node");
    }
  }
  return absl::OkStatus();
}

// Everything but what only this node decides: a copy that only unwraps, or its tombstone.
absl::StatusOr<KeyringVersion> CopyInactive(const KeyringVersion& version) {
  KeyringVersion copy;
  copy.number = version.number;
  copy.id = version.id;
  copy.state = version.state;
  copy.created = version.created;
  copy.state_changed = version.state_changed;
  copy.label = version.label;
  SIGNET_ASSIGN_OR_RETURN(copy.key, crypto::SecretBytes::CopyOf(version.key.Expose()));
  return copy;
}

void MergeState(const KeyringVersion& theirs, const KeyringVersion& ours, KeyringMergeReport& report) {
  if (ours.state == theirs.state) return;
  if (IsDestroyed(ours)) {
    report.stays_destroyed.push_back(ours.number);
  } else if (IsDestroyed(theirs)) {
    report.destroyed_there.push_back(ours.number);
  } else {
    report.state_differs.push_back(ours.number);
  }
}

void MergeActivation(const KeyringVersion& theirs, absl::Time now, uint32_t active, KeyringVersion& ours,
                     KeyringMergeReport& report) {
  if (!theirs.activate_at.has_value() || ours.activated || IsDestroyed(ours)) return;
  // Superseded on this node: whatever happened there, it never becomes active here.
  if (ours.number < active) return;
  if (!IsFuture(theirs, now)) {
    report.not_activated.push_back(ours.number);
  } else if (!ours.activate_at.has_value()) {
    ours.activate_at = theirs.activate_at;
    report.scheduled.push_back(ours.number);
  }
}

}  // namespace

absl::StatusOr<KeyringMergeReport> MergeKeyring(const Keyring& from, absl::Time now, Keyring& into) {
  SIGNET_RETURN_IF_ERROR(CheckConflicts(from, now, into));
  std::vector<KeyringVersion> added;
  for (const KeyringVersion& theirs : from.versions()) {
    if (into.Find(theirs.number) != nullptr) continue;
    SIGNET_ASSIGN_OR_RETURN(KeyringVersion copy, CopyInactive(theirs));
    added.push_back(std::move(copy));
  }
  if (into.versions().size() + added.size() > kMaxKeyringVersions) {
    return absl::ResourceExhaustedError("the keyring would have too many versions");
  }

  into.Latch(now);
  KeyringMergeReport report;
  for (KeyringVersion& version : added) {
    report.added.push_back(version.number);
    into.Insert(std::move(version));
  }
  const KeyringVersion* const active_version = into.Active(now);
  const uint32_t active = active_version == nullptr ? 0 : active_version->number;
  for (const KeyringVersion& theirs : from.versions()) {
    KeyringVersion& ours = *into.MutableVersion(theirs.number);
    MergeState(theirs, ours, report);
    MergeActivation(theirs, now, active, ours, report);
  }
  return report;
}

KeyringMergeReport AdoptKeyring(absl::Time now, Keyring& keyring) {
  KeyringMergeReport report;
  for (const KeyringVersion& version : keyring.versions()) {
    report.added.push_back(version.number);
    if (version.activated || !version.activate_at.has_value()) continue;
    if (IsFuture(version, now)) {
      report.scheduled.push_back(version.number);
    } else {
      keyring.MutableVersion(version.number)->activate_at.reset();
      report.not_activated.push_back(version.number);
    }
  }
  return report;
}

absl::Status CheckSuccessor(const Keyring& held, const Keyring& next) {
  if (held.id() != next.id()) return absl::FailedPreconditionError("it is another keyring");
  if (next.revision() < held.revision()) {
    return absl::FailedPreconditionError(absl::StrCat("its revision ", next.revision(), " is older than ",
                                                      held.revision(), ", which is in use"));
  }
  for (const KeyringVersion& version : held.versions()) {
    const KeyringVersion* const successor = next.Find(version.number);
    if (successor == nullptr || successor->id != version.id) {
      return absl::FailedPreconditionError(absl::StrCat("it lacks version ", version.number));
    }
    if (IsDestroyed(version) && !IsDestroyed(*successor)) {
      return absl::FailedPreconditionError(
          absl::StrCat("it brings back version ", version.number, ", which was destroyed"));
    }
    if (HaveTwoKeys(version, *successor)) {
      return absl::FailedPreconditionError(absl::StrCat("its version ", version.number, " has another key"));
    }
  }
  return absl::OkStatus();
}

}  // namespace signet::kms

#include "tests/simulation/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "crypto/record.h"

namespace signet::simulation {
namespace {

// After trouble has ended, within this all is read, written and at the newest version again: a probe and its
// retries; the last also waits for calls that the hour's budget still has.
constexpr absl::Duration kReadsAgain = absl::Minutes(10);
constexpr absl::Duration kWritesAgain = absl::Minutes(15);
constexpr absl::Duration kFollowsAgain = absl::Minutes(65);
// Design: within 5 minutes of the vendor's act.
constexpr absl::Duration kRevoked = absl::Minutes(5);
// A probe, three confirmations.
constexpr absl::Duration kDenied = absl::Minutes(6);
constexpr absl::Duration kOfflineLimit = absl::Hours(12);

std::string Name(const Node& node) { return absl::StrCat("node ", node.number()); }

}  // namespace

void Judge::ForgetWhatNobodyKnows(Node& node, Seen& seen) {
  if (seen.on_disk || !node.running()) return;
  if (AnyRolledBack() || node.links()[0].describe_lags) {
    seen.key_id.clear();
    seen.superseded.clear();
  }
  const std::shared_ptr<const ActiveKey> active = node.hierarchy().Snapshot();
  seen.on_disk = active != nullptr && active->stored;
}

Violation Judge::Glance() {
  for (int number = 0; number < World::kNodes; ++number) {
    Node& node = world_.node(number);
    if (Violation found = announcements_.Look(node)) return found;
    const absl::StatusOr<std::string> key_id = node.KeyId();
    Seen& seen = seen_[static_cast<size_t>(number)];
    ForgetWhatNobodyKnows(node, seen);
    if (!key_id.ok() || *key_id == seen.key_id) continue;
    if (seen.superseded.contains(*key_id)) {
      return absl::StrCat("node ", number, " went back to ", *key_id, " from ", seen.key_id);
    }
    if (!seen.key_id.empty()) seen.superseded.insert(seen.key_id);
    seen.key_id = *key_id;
  }
  return std::nullopt;
}

Violation Judge::Look() {
  for (int number = 0; number < World::kNodes; ++number) {
    Node& node = world_.node(number);
    if (!node.running()) continue;
    if (const absl::Status poll = world_.Poll(node); !poll.ok()) {
      return absl::StrCat(Name(node), ": ", std::string(poll.message()));
    }
    if (Violation found = CheckWrites(node)) return found;
    if (Violation found = CheckVersion(node)) return found;
    if (world_.sealed().empty()) continue;
    const bool at_peace = Calm(node, kReadsAgain);  // before the calls below use up a fault
    for (int reads = 0; reads < 2; ++reads) {
      const Sealed& sealed = world_.sealed()[world_.random().Below(world_.sealed().size())];
      if (Violation found = CheckRead(node, sealed, at_peace)) return found;
    }
  }
  return std::nullopt;
}

bool Judge::Calm(Node& node, absl::Duration since) {
  const NodeHistory& history = world_.history(node.number());
  if (!node.running() || history.disk_full || world_.now() - history.disturbed < since) return false;
  return std::all_of(node.links().begin(), node.links().end(), [&](const SimulatedLink& link) {
    const RemoteKey& key = world_.key(link.provider);
    return link.fault == LinkFault::kNone && !link.describe_lags && link.failures_to_come == 0 &&
           !key.revoked && world_.now() - link.fault_changed >= since &&
           world_.now() - key.revocation_changed >= since;
  });
}

bool Judge::AnyRolledBack() {
  return std::any_of(world_.keys().begin(), world_.keys().end(),
                     [](const RemoteKey& key) { return key.rolled_back(); });
}

bool Judge::AnyRolledBackSince(absl::Duration since) {
  return AnyRolledBack() ||
         std::any_of(world_.keys().begin(), world_.keys().end(),
                     [&](const RemoteKey& key) { return world_.now() - key.last_rolled_back < since; });
}

Violation Judge::CheckWrites(Node& node) {
  const absl::StatusOr<std::string> key_id = node.KeyId();
  const NodeHistory& history = world_.history(node.number());
  if (Calm(node, kWritesAgain) && !key_id.ok() && !AnyRolledBackSince(kWritesAgain)) {
    return absl::StrCat(Name(node), " cannot encrypt though nothing is wrong: ", key_id.status().ToString());
  }
  if (!key_id.ok()) return std::nullopt;
  // While a move waits that is not the configured one.
  const std::string writer = node.hierarchy().Snapshot()->provider_name;
  const auto active = std::find_if(node.links().begin(), node.links().end(),
                                   [&](const SimulatedLink& link) { return link.provider == writer; });
  const RemoteKey& key = world_.key(active->provider);
  const absl::Duration up = world_.now() - history.started;
  const absl::Duration faulty = std::min(up, world_.now() - active->fault_changed);
  if (key.revoked && active->fault == LinkFault::kNone &&
      std::min({up, world_.now() - key.revocation_changed, faulty}) > kRevoked) {
    return absl::StrCat(Name(node), " encrypts under a key that was revoked ",
                        absl::FormatDuration(world_.now() - key.revocation_changed), " ago");
  }
  if ((active->fault == LinkFault::kDenied || active->fault == LinkFault::kUnwrapRefused) &&
      faulty > kDenied) {
    return absl::StrCat(Name(node), " encrypts though the KMS has denied it for ",
                        absl::FormatDuration(faulty));
  }
  // A second provider that answers at a restart counts as an answer.
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(node.hierarchy().Snapshot()->record);
  if (record.ok() && record->entries.size() == 1 &&
      (active->fault == LinkFault::kUnreachable || active->fault == LinkFault::kThrottled) &&
      world_.now() - active->fault_changed > kOfflineLimit + kWritesAgain) {
    return absl::StrCat(Name(node), " encrypts past offline_limit");
  }
  return std::nullopt;
}

Violation Judge::CheckVersion(Node& node) {
  const RemoteKey& key = world_.key(node.settings().active);
  if (!Calm(node, kFollowsAgain) || key.rolled_back() || world_.now() - key.changed < kFollowsAgain)
    return std::nullopt;
  const std::shared_ptr<const ActiveKey> active = node.hierarchy().Snapshot();
  if (active == nullptr) return std::nullopt;  // said by CheckWrites
  if (active->provider_name == key.provider && active->remote_version.number != key.newest) {
    return absl::StrCat(Name(node), " announces version ", active->remote_version.label, ", the KMS names ",
                        key.newest, " since ", absl::FormatDuration(world_.now() - key.changed));
  }
  return std::nullopt;
}

bool Judge::CanOpen(const Sealed& sealed) {
  return std::all_of(sealed.wrapped_by.begin(), sealed.wrapped_by.end(),
                     [this](const Sealed::Wrapping& wrapping) {
                       return !world_.key(wrapping.provider).destroyed.contains(wrapping.version);
                     });
}

Violation Judge::CheckRead(Node& node, const Sealed& sealed, bool at_peace) {
  const absl::StatusOr<std::string> plaintext = node.Decrypt(sealed.stored);
  if (plaintext.ok()) {
    if (*plaintext == sealed.plaintext) return std::nullopt;
    return absl::StrCat(Name(node), " decrypts \"", sealed.plaintext, "\" to other bytes");
  }
  if (!at_peace || !CanOpen(sealed)) return std::nullopt;
  return absl::StrCat(Name(node), " cannot read \"", sealed.plaintext, "\" of ", sealed.stored.key_id, ": ",
                      plaintext.status().ToString());
}

Violation Judge::Final() {
  std::set<std::string> announced;
  for (int number = 0; number < World::kNodes; ++number) {
    Node& node = world_.node(number);
    const absl::StatusOr<std::string> key_id = node.KeyId();
    if (!key_id.ok()) return absl::StrCat(Name(node), " in the end: ", key_id.status().ToString());
    announced.insert(*key_id);
    for (const Sealed& sealed : world_.sealed()) {
      if (Violation found = CheckRead(node, sealed, true)) return found;
    }
  }
  if (announced.size() == 1) return std::nullopt;
  std::string all;
  for (const std::string& key_id : announced) absl::StrAppend(&all, " ", key_id);
  return absl::StrCat("the nodes do not agree:", all);
}

}  // namespace signet::simulation

#include "tests/simulation/announcements.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "crypto/record.h"

namespace signet::simulation {
namespace {

// What was proved may wait for its time; after so long it was proved before the fault no more.
constexpr absl::Duration kProofIsOld = absl::Minutes(15);
// Two confirmations and the activation delay.
constexpr absl::Duration kSoonest = absl::Seconds(80);

bool CanProve(const SimulatedLink& link) {
  return link.fault == LinkFault::kNone || link.fault == LinkFault::kDescribeRefused;
}

std::string GenerationOf(const std::string& key_id) {
  const size_t at = key_id.rfind("-g");
  return at == std::string::npos ? "" : key_id.substr(at);
}

std::string Text(const crypto::Fingerprint& fingerprint) {
  return std::string(reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size());
}

std::set<std::string> ProvidersIn(const ActiveKey& key) {
  std::set<std::string> providers;
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(key.record);
  if (!record.ok()) return providers;
  for (const crypto::RecordEntry& entry : record->entries) {
    providers.insert(Text(entry.fingerprint));
  }
  return providers;
}

}  // namespace

std::optional<std::string> Announcements::Look(Node& node) {
  Last& last = last_[static_cast<size_t>(node.number())];
  const uint64_t starts = world_.history(node.number()).starts;
  const bool serves = node.KeyId().ok();
  if (std::exchange(last.starts, starts) != starts || !serves) last.key = nullptr;
  if (!serves) return std::nullopt;
  const std::shared_ptr<const ActiveKey> key = node.hierarchy().Snapshot();
  if (last.key != nullptr && last.key->local_kek_id == key->local_kek_id) return std::nullopt;
  const std::shared_ptr<const ActiveKey> before = std::exchange(last.key, key);
  const std::string who = absl::StrCat("node ", node.number(), ": ");
  if (const auto wrong = CheckProviders(*key)) return who + *wrong;
  if (last.known.insert(key->local_kek_id).second) {
    if (const auto wrong = CheckProof(node, *key)) return who + *wrong;
  }
  // In direct mode what Wrap names is taken up at once.
  if (before != nullptr && !node.settings().direct) {
    if (const auto wrong = CheckDelay(*before, *key)) return who + *wrong;
  }
  return std::nullopt;
}

std::optional<std::string> Announcements::CheckProviders(const ActiveKey& key) {
  const std::set<std::string> providers = ProvidersIn(key);
  const auto [known, is_new] = wrapped_by_.emplace(key.key_id, providers);
  if (is_new || known->second == providers) return std::nullopt;
  return absl::StrCat(key.key_id, " is wrapped by ", providers.size(), " providers, and was by ",
                      known->second.size());
}

std::optional<std::string> Announcements::CheckProof(Node& node, const ActiveKey& key) {
  const NodeHistory& history = world_.history(node.number());
  if (history.disk_full || world_.now() - history.disturbed < kProofIsOld) return std::nullopt;
  const std::set<std::string> providers = ProvidersIn(key);
  for (SimulatedLink& link : node.links()) {
    if (CanProve(link) || world_.now() - link.fault_changed < kProofIsOld) continue;
    if (!providers.contains(Text(MakeSimulatedClient(link, node.clock())->fingerprint()))) continue;
    return absl::StrCat("a new local KEK of ", key.key_id, " though ", link.provider, " is ",
                        LinkFaultName(link.fault), " for ",
                        absl::FormatDuration(world_.now() - link.fault_changed));
  }
  return std::nullopt;
}

std::optional<std::string> Announcements::CheckDelay(const ActiveKey& before, const ActiveKey& now) {
  const bool only_the_version =
      before.provider_name == now.provider_name && before.remote_version != now.remote_version &&
      GenerationOf(before.key_id) == GenerationOf(now.key_id) && ProvidersIn(before) == ProvidersIn(now);
  if (!only_the_version) return std::nullopt;
  const RemoteKey& key = world_.key(now.provider_name);
  // Then there is nothing to go on with while one waits.
  if (!before.stored || key.destroyed.contains(before.remote_version.number.value_or(0))) return std::nullopt;
  const auto made = key.made.find(now.remote_version.number.value_or(0));
  if (made == key.made.end() || world_.now() - made->second >= kSoonest) return std::nullopt;
  return absl::StrCat(now.key_id, " is announced ", absl::FormatDuration(world_.now() - made->second),
                      " after the KMS made its version");
}

}  // namespace signet::simulation

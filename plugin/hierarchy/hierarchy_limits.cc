#include "plugin/hierarchy/hierarchy_limits.h"

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "plugin/hierarchy/journal.h"
#include "plugin/hierarchy/key_id.h"

namespace signet {
namespace {

// AES-GCM with random nonces under one key: NIST SP 800-38D allows 2^32 messages.
constexpr uint64_t kMostUses = uint64_t{1} << 32;

bool IsClusterId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

absl::Status CheckLimits(const HierarchyOptions& options) {
  const auto refuse = [](absl::string_view what) { return absl::InvalidArgumentError(what); };
  if (!IsClusterId(options.cluster_id)) return refuse("cluster_id: 1 to 64 of [A-Za-z0-9._-]");
  for (const std::string& id : options.previous_cluster_ids) {
    if (!IsClusterId(id)) return refuse("previous_cluster_ids: 1 to 64 of [A-Za-z0-9._-]");
  }
  if (options.key_id_generation > kMaxKeyIdGeneration) return refuse("key_id_generation: at most 99999");
  if (options.local_kek_lifetime <= absl::ZeroDuration())
    return refuse("local_kek lifetime: must be positive");
  if (options.local_kek_max_uses == 0 || options.local_kek_max_uses > kMostUses) {
    return refuse("local_kek max_uses: 1 to 2^32");
  }
  if (options.watch_interval <= absl::ZeroDuration() || options.confirm_interval <= absl::ZeroDuration() ||
      options.activation_delay < absl::ZeroDuration() || options.probe_interval <= absl::ZeroDuration()) {
    return refuse("watch intervals: must be positive");
  }
  if (options.move_delay < absl::ZeroDuration()) return refuse("move_delay: must not be negative");
  if (!options.active_before.empty() && options.active_from == absl::InfinitePast()) {
    return refuse("active_before: needs active_from");
  }
  if (options.offline_limit <= absl::ZeroDuration()) return refuse("offline_limit: must be positive");
  if (options.denied_grace < absl::ZeroDuration()) return refuse("denied_grace: must not be negative");
  if (options.cached_local_keks == 0) return refuse("cached local KEKs: at least 1");
  if (options.journal_records == 0 || options.journal_records > kMaxJournalRecords) {
    return refuse("journal records: 1 to 65536");
  }
  if (options.remote_workers == 0 || options.reserved_workers == 0 || options.max_waiting_decrypts == 0) {
    return refuse("workers and waiting calls: at least 1");
  }
  if (options.decrypt_timeout <= absl::ZeroDuration() ||
      options.remote_call_timeout <= absl::ZeroDuration()) {
    return refuse("time-outs: must be positive");
  }
  return absl::OkStatus();
}

}  // namespace signet

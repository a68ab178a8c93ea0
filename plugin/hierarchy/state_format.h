// The state file's content: what one node must remember across restarts, all of it public in etcd anyway.
// Layout and rules: STATE_FORMAT.md, "State".
//
// Parses bytes from the disk. Thread-safe (pure functions, values); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_STATE_FORMAT_H_
#define SIGNET_PLUGIN_HIERARCHY_STATE_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kms_client/kms_client.h"
#include "plugin/hierarchy/key_history.h"
#include "plugin/hierarchy/remote_key_name.h"
#include "plugin/hierarchy/time_mark.h"

namespace signet {

inline constexpr size_t kMaxStateBytes = size_t{1} << 20;

// The record that Encrypt works under, and how much of it may have been used.
struct StoredRecord {
  std::string record;  // at most 4,096 bytes
  kms::RemoteVersion version;
  // Uses that may have happened: never fewer than did. A restart goes on from here.
  uint64_t reserved_uses = 0;
  TimeMark created;
  // The wrap-set that its key_id stands for, the active one first, 1 to 4; more than the record's entries
  // when it was made degraded.
  std::vector<RemoteKeyName> wrap_set;

  friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};

// A part of the file that a later signetd wrote and this one only carries along.
struct UnknownSection {
  uint16_t id = 0;
  std::string bytes;

  friend bool operator==(const UnknownSection&, const UnknownSection&) = default;
};

// A rollback that an operator accepted: the key is announced under this generation at least.
struct AcceptedGeneration {
  RemoteKeyName key;
  uint32_t generation = 0;

  friend bool operator==(const AcceptedGeneration&, const AcceptedGeneration&) = default;
};

// Since when this node knows a configured provider.
struct KnownProvider {
  RemoteKeyName key;
  TimeMark since;

  friend bool operator==(const KnownProvider&, const KnownProvider&) = default;
};

// What a configuration would announce (a digest of active key, wrap-set and generation), since when it is
// configured here.
struct ConfiguredPlan {
  crypto::Fingerprint digest{};
  TimeMark since;

  friend bool operator==(const ConfiguredPlan&, const ConfiguredPlan&) = default;
};

struct PersistentState {
  static constexpr size_t kMaxListed = 64;  // of each list below

  KeyHistory history;
  std::optional<StoredRecord> record;
  // When it was last written. Of a state that never was, or by format 1: no boot id, node_time the highest
  // wall time seen.
  TimeMark last_write{absl::UnixEpoch(), "", absl::ZeroDuration(), absl::UnixEpoch()};
  // Of the last remote Wrap or Unwrap that succeeded under the active version.
  std::optional<TimeMark> last_remote_success;
  std::vector<AcceptedGeneration> accepted;
  std::vector<KnownProvider> known_providers;
  std::optional<ConfiguredPlan> plan;
  std::optional<absl::Time> passed_active_from;  // the latest active_from that has passed
  std::string degraded_key_id;  // records were made under it that lack a part of their wrap-set; empty: none
  std::vector<UnknownSection> unknown_sections;  // ascending by id

  friend bool operator==(const PersistentState&, const PersistentState&) = default;
};

// The whole file. INVALID_ARGUMENT: a field is out of its bounds or the file would exceed kMaxStateBytes.
// Times are kept to the millisecond; those before 1970 become 1970.
absl::StatusOr<std::string> EncodeState(const PersistentState& state);

// Strict. DATA_LOSS: torn, foreign or malformed; FAILED_PRECONDITION: of a newer format.
absl::StatusOr<PersistentState> DecodeState(absl::string_view bytes);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_STATE_FORMAT_H_

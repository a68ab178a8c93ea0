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

  friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};

// A part of the file that a later signetd wrote and this one only carries along.
struct UnknownSection {
  uint16_t id = 0;
  std::string bytes;

  friend bool operator==(const UnknownSection&, const UnknownSection&) = default;
};

struct PersistentState {
  KeyHistory history;
  std::optional<StoredRecord> record;
  absl::Time highest_wall_seen = absl::UnixEpoch();
  // Of the last remote Wrap or Unwrap that succeeded under the active version.
  std::optional<TimeMark> last_remote_success;
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

// DiskModel: what a disk holds for certain and what it may hold, while operations are replayed on it.
//
// The rules are POSIX's, stricter than any one file system: fsync of a file makes its data and mode durable
// but not its name; fsync of a folder makes the names in it durable but not their data; everything else may
// be lost, in any order, until then. A rename is one change: both names or neither.
#ifndef SIGNET_TESTS_CRASH_DISK_MODEL_H_
#define SIGNET_TESTS_CRASH_DISK_MODEL_H_

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tests/crash/image.h"
#include "tests/crash/operation_log.h"

namespace signet::testing {

using NodeId = size_t;

// A change to a file's content or mode that no fsync has covered yet.
struct DataChange {
  enum class Kind { kWrite, kTruncate, kMode };
  Kind kind{};
  size_t offset = 0;  // of a write; the new size of a truncation
  std::string data = {};
  mode_t mode = 0;
};

// Applies one change as the running system sees it.
void ApplyChange(const DataChange& change, ImageEntry& content);

// One name in one folder that now leads to a node or nowhere.
struct Slot {
  NodeId folder;
  std::string name;
  std::optional<NodeId> node;
};

// A change to one or two folders that no fsync has covered yet.
struct NameChange {
  std::vector<Slot> slots;
};

struct Node {
  ImageEntry durable;                           // what is on the disk for certain
  std::vector<DataChange> pending;              // in order
  std::map<std::string, NodeId> names;          // of a folder, as the running system sees them
  std::map<std::string, NodeId> durable_names;  // of a folder, on the disk for certain
};

class DiskModel {
 public:
  static constexpr NodeId kRoot = 0;

  // `root`: the absolute path of the recorded folder, empty and durable at the start.
  explicit DiskModel(std::string root);

  // Marks change nothing. INVALID_ARGUMENT: the operation does not fit what was replayed so far.
  absl::Status Apply(const Operation& operation);

  // What a sync operation is about to make durable.
  struct SyncEffect {
    std::string target;  // relative to the root, which itself is ""
    bool folder = false;
    bool data = false;            // content or mode of the target
    std::set<std::string> names;  // of a folder
  };
  // Empty for another operation. Call before Apply.
  std::optional<SyncEffect> EffectOf(const Operation& operation) const;

  // Everything applied: what the running system sees.
  Image Current() const;

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<NameChange>& pending_names() const { return pending_names_; }

 private:
  absl::StatusOr<NodeId> Find(const std::string& path) const;
  // The folder of `path` and its last part.
  absl::StatusOr<std::pair<NodeId, std::string>> FindParent(const std::string& path) const;
  absl::StatusOr<NodeId> Target(const Operation& operation) const;
  std::string PathOf(NodeId node) const;
  absl::Status Open(const Operation& operation);
  absl::Status Rename(const Operation& operation);
  absl::Status Make(const Operation& operation, bool folder);
  absl::Status Sync(NodeId node);
  void ChangeNames(std::vector<Slot> slots);

  const std::string root_;
  std::vector<Node> nodes_;
  std::vector<NameChange> pending_names_;
  std::map<std::pair<uint32_t, uint32_t>, NodeId> descriptors_;  // by process and number
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_DISK_MODEL_H_

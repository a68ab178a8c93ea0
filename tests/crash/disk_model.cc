#include "tests/crash/disk_model.h"

#include <fcntl.h>

#include <algorithm>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace signet::testing {
namespace {

constexpr mode_t kPermissionBits = 07777;

absl::Status Misfit(const Operation& operation) {
  return absl::InvalidArgumentError(absl::StrCat("does not fit the files so far: ", operation.ToString()));
}

void SetName(const Slot& slot, std::map<std::string, NodeId>& names) {
  if (slot.node.has_value()) {
    names[slot.name] = *slot.node;
  } else {
    names.erase(slot.name);
  }
}

}  // namespace

void ApplyChange(const DataChange& change, ImageEntry& content) {
  switch (change.kind) {
    case DataChange::Kind::kWrite:
      content.data.resize(std::max(content.data.size(), change.offset + change.data.size()), '\0');
      content.data.replace(change.offset, change.data.size(), change.data);
      return;
    case DataChange::Kind::kTruncate:
      content.data.resize(change.offset, '\0');
      return;
    case DataChange::Kind::kMode:
      content.mode = change.mode;
      return;
  }
}

DiskModel::DiskModel(std::string root) : root_(std::move(root)), nodes_(1) {
  nodes_[kRoot].durable = {.folder = true, .mode = 0700, .data = ""};
}

absl::StatusOr<std::pair<NodeId, std::string>> DiskModel::FindParent(const std::string& path) const {
  if (!absl::StartsWith(path, root_ + "/")) return absl::InvalidArgumentError(path);
  std::vector<std::string> parts = absl::StrSplit(path.substr(root_.size()), '/', absl::SkipEmpty());
  parts.erase(std::remove(parts.begin(), parts.end(), "."), parts.end());
  if (parts.empty()) return absl::InvalidArgumentError(path);
  NodeId folder = kRoot;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto found = nodes_[folder].names.find(parts[i]);
    if (found == nodes_[folder].names.end()) return absl::NotFoundError(path);
    folder = found->second;
  }
  return std::pair(folder, parts.back());
}

absl::StatusOr<NodeId> DiskModel::Find(const std::string& path) const {
  if (path == root_ || path == root_ + "/") return kRoot;
  SIGNET_ASSIGN_OR_RETURN(const auto parent, FindParent(path));
  const auto found = nodes_[parent.first].names.find(parent.second);
  if (found == nodes_[parent.first].names.end()) return absl::NotFoundError(path);
  return found->second;
}

absl::StatusOr<NodeId> DiskModel::Target(const Operation& operation) const {
  if (!operation.path.empty()) return Find(operation.path);
  const auto found = descriptors_.find({operation.pid, operation.descriptor});
  if (found == descriptors_.end()) return Misfit(operation);
  return found->second;
}

void DiskModel::ChangeNames(std::vector<Slot> slots) {
  for (const Slot& slot : slots) SetName(slot, nodes_[slot.folder].names);
  pending_names_.push_back({std::move(slots)});
}

absl::Status DiskModel::Make(const Operation& operation, bool folder) {
  SIGNET_ASSIGN_OR_RETURN(const auto parent, FindParent(operation.path));
  Node& node = nodes_.emplace_back();
  node.durable = {.folder = folder, .mode = operation.mode & kPermissionBits, .data = ""};
  ChangeNames({{parent.first, parent.second, nodes_.size() - 1}});
  return absl::OkStatus();
}

absl::Status DiskModel::Open(const Operation& operation) {
  absl::StatusOr<NodeId> node = Find(operation.path);
  if (absl::IsNotFound(node.status())) {
    if ((operation.flags & O_CREAT) == 0) return Misfit(operation);
    SIGNET_RETURN_IF_ERROR(Make(operation, /*folder=*/false));
    node = nodes_.size() - 1;
  } else if (node.ok() && (operation.flags & O_TRUNC) != 0) {
    nodes_[*node].pending.push_back({.kind = DataChange::Kind::kTruncate});
  }
  SIGNET_RETURN_IF_ERROR(node.status());
  descriptors_[{operation.pid, operation.descriptor}] = *node;
  return absl::OkStatus();
}

absl::Status DiskModel::Rename(const Operation& operation) {
  SIGNET_ASSIGN_OR_RETURN(const NodeId node, Find(operation.path));
  SIGNET_ASSIGN_OR_RETURN(const auto from, FindParent(operation.path));
  SIGNET_ASSIGN_OR_RETURN(const auto to, FindParent(operation.other));
  std::vector<Slot> slots;
  if (operation.kind == OperationKind::kRename) slots.push_back({from.first, from.second, std::nullopt});
  slots.push_back({to.first, to.second, node});
  ChangeNames(std::move(slots));
  return absl::OkStatus();
}

absl::Status DiskModel::Sync(NodeId id) {
  Node& node = nodes_[id];
  for (const DataChange& change : node.pending) ApplyChange(change, node.durable);
  node.pending.clear();
  if (!node.durable.folder) return absl::OkStatus();
  std::vector<NameChange> left;
  for (NameChange& change : pending_names_) {
    const bool covered = std::any_of(change.slots.begin(), change.slots.end(),
                                     [&](const Slot& slot) { return slot.folder == id; });
    if (!covered) {
      left.push_back(std::move(change));
      continue;
    }
    for (const Slot& slot : change.slots) SetName(slot, nodes_[slot.folder].durable_names);
  }
  pending_names_ = std::move(left);
  return absl::OkStatus();
}

absl::Status DiskModel::Apply(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kMark:
      return absl::OkStatus();
    case OperationKind::kOpen:
      return Open(operation);
    case OperationKind::kMakeFolder:
      return Make(operation, /*folder=*/true);
    case OperationKind::kRename:
    case OperationKind::kLink:
      return Rename(operation);
    case OperationKind::kUnlink: {
      SIGNET_ASSIGN_OR_RETURN(const auto parent, FindParent(operation.path));
      if (nodes_[parent.first].names.count(parent.second) == 0) return Misfit(operation);
      ChangeNames({{parent.first, parent.second, std::nullopt}});
      return absl::OkStatus();
    }
    default:
      break;
  }
  SIGNET_ASSIGN_OR_RETURN(const NodeId node, Target(operation));
  std::vector<DataChange>& pending = nodes_[node].pending;
  switch (operation.kind) {
    case OperationKind::kWrite:
      pending.push_back(
          {.kind = DataChange::Kind::kWrite, .offset = operation.offset, .data = operation.data});
      return absl::OkStatus();
    case OperationKind::kTruncate:
      pending.push_back({.kind = DataChange::Kind::kTruncate, .offset = operation.offset});
      return absl::OkStatus();
    case OperationKind::kChangeMode:
      pending.push_back({.kind = DataChange::Kind::kMode, .mode = operation.mode & kPermissionBits});
      return absl::OkStatus();
    default:
      return Sync(node);
  }
}

std::string DiskModel::PathOf(NodeId node) const {
  const std::function<std::string(NodeId, const std::string&)> search = [&](NodeId folder,
                                                                            const std::string& prefix) {
    for (const auto& [name, id] : nodes_[folder].names) {
      const std::string path = absl::StrCat(prefix, name);
      if (id == node) return path;
      if (std::string found = search(id, path + "/"); !found.empty()) return found;
    }
    return std::string();
  };
  return search(kRoot, "");
}

std::optional<DiskModel::SyncEffect> DiskModel::EffectOf(const Operation& operation) const {
  if (operation.kind != OperationKind::kSync) return std::nullopt;
  const absl::StatusOr<NodeId> target = Target(operation);
  if (!target.ok()) return std::nullopt;
  SyncEffect effect;
  effect.target = PathOf(*target);
  effect.folder = nodes_[*target].durable.folder;
  effect.data = !nodes_[*target].pending.empty();
  for (const NameChange& change : pending_names_) {
    for (const Slot& slot : change.slots) {
      if (slot.folder == *target) effect.names.insert(slot.name);
    }
  }
  return effect;
}

Image DiskModel::Current() const {
  Image image;
  const std::function<void(NodeId, const std::string&)> walk = [&](NodeId folder, const std::string& prefix) {
    for (const auto& [name, id] : nodes_[folder].names) {
      const std::string path = absl::StrCat(prefix, name);
      ImageEntry& entry = image[path];
      entry = nodes_[id].durable;
      for (const DataChange& change : nodes_[id].pending) ApplyChange(change, entry);
      if (entry.folder) walk(id, path + "/");
    }
  };
  walk(kRoot, "");
  return image;
}

}  // namespace signet::testing

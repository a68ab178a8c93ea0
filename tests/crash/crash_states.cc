#include "tests/crash/crash_states.h"

#include <algorithm>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"

namespace signet::testing {
namespace {

void AddIfNew(ImageEntry content, std::vector<ImageEntry>& variants) {
  if (std::find(variants.begin(), variants.end(), content) == variants.end()) {
    variants.push_back(std::move(content));
  }
}

// What `change` may leave on top of `before` when it did not reach the disk whole.
void AddTorn(const ImageEntry& before, const DataChange& change, std::vector<ImageEntry>& variants) {
  if (change.kind != DataChange::Kind::kWrite) return;
  const size_t size = change.data.size();
  for (const size_t cut : {size_t{1}, size / 2, size - 1}) {
    if (cut == 0 || cut >= size) continue;
    DataChange part = change;
    part.data = change.data.substr(0, cut);
    ImageEntry content = before;
    ApplyChange(part, content);
    AddIfNew(content, variants);
  }
  // The length is there, the blocks are not.
  for (const auto& [from, to] : {std::pair(size_t{0}, size), {size / 2, size}, {size_t{0}, size / 2}}) {
    DataChange zeroed = change;
    std::fill(zeroed.data.begin() + static_cast<ptrdiff_t>(from),
              zeroed.data.begin() + static_cast<ptrdiff_t>(to), '\0');
    ImageEntry content = before;
    ApplyChange(zeroed, content);
    AddIfNew(content, variants);
  }
}

using Choice = std::vector<bool>;  // by index in pending_names()

std::set<Choice> NameChoices(size_t count) {
  std::set<Choice> choices;
  if (count <= kEverySubset) {
    for (size_t bits = 0; bits < (size_t{1} << count); ++bits) {
      Choice choice(count);
      for (size_t i = 0; i < count; ++i) choice[i] = ((bits >> i) & 1) != 0;
      choices.insert(choice);
    }
    return choices;
  }
  for (size_t i = 0; i <= count; ++i) {
    Choice prefix(count);
    std::fill_n(prefix.begin(), i, true);
    choices.insert(prefix);
    if (i == count) break;
    Choice alone(count);
    alone[i] = true;
    choices.insert(alone);
    alone.flip();
    choices.insert(alone);
  }
  return choices;
}

using Names = std::vector<std::map<std::string, NodeId>>;  // by folder's node

Names NamesOnDisk(const DiskModel& disk, const Choice& choice) {
  Names names;
  for (const Node& node : disk.nodes()) names.push_back(node.durable_names);
  for (size_t i = 0; i < choice.size(); ++i) {
    if (!choice[i]) continue;
    for (const Slot& slot : disk.pending_names()[i].slots) {
      if (slot.node.has_value()) {
        names[slot.folder][slot.name] = *slot.node;
      } else {
        names[slot.folder].erase(slot.name);
      }
    }
  }
  return names;
}

// The image with `content(node)` for each node that a name leads to.
Image Build(const Names& names, const std::function<ImageEntry(NodeId)>& content) {
  Image image;
  const std::function<void(NodeId, const std::string&)> walk = [&](NodeId folder, const std::string& prefix) {
    for (const auto& [name, id] : names[folder]) {
      const std::string path = absl::StrCat(prefix, name);
      const ImageEntry& entry = image[path] = content(id);
      if (entry.folder) walk(id, path + "/");
    }
  };
  walk(DiskModel::kRoot, "");
  return image;
}

}  // namespace

std::vector<ImageEntry> FileVariants(const Node& node) {
  std::vector<ImageEntry> variants = {node.durable};
  ImageEntry prefix = node.durable;
  for (const DataChange& change : node.pending) {
    AddTorn(prefix, change, variants);
    ImageEntry alone = node.durable;
    ApplyChange(change, alone);
    AddIfNew(alone, variants);
    ApplyChange(change, prefix);
    AddIfNew(prefix, variants);
  }
  return variants;
}

std::vector<Image> CrashStates(const DiskModel& disk) {
  const std::vector<Node>& nodes = disk.nodes();
  std::vector<ImageEntry> full(nodes.size());
  for (NodeId id = 0; id < nodes.size(); ++id) {
    full[id] = nodes[id].durable;
    for (const DataChange& change : nodes[id].pending) ApplyChange(change, full[id]);
  }
  std::vector<Image> states;
  for (const Choice& choice : NameChoices(disk.pending_names().size())) {
    const Names names = NamesOnDisk(disk, choice);
    std::set<NodeId> dirty;
    states.push_back(Build(names, [&](NodeId id) {
      if (!nodes[id].pending.empty()) dirty.insert(id);
      return full[id];
    }));
    for (const NodeId varied : dirty) {
      for (const ImageEntry& variant : FileVariants(nodes[varied])) {
        states.push_back(Build(names, [&](NodeId id) { return id == varied ? variant : full[id]; }));
        if (dirty.size() == 1) continue;
        states.push_back(Build(names, [&](NodeId id) { return id == varied ? variant : nodes[id].durable; }));
      }
    }
  }
  return states;
}

}  // namespace signet::testing

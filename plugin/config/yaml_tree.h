// YamlNode: one YAML document as a tree with positions, in the small and strict part of YAML that
// configuration needs. Built on yaml-cpp's parser events, because its node tree silently drops duplicate keys
// and positions.
#ifndef SIGNET_PLUGIN_CONFIG_YAML_TREE_H_
#define SIGNET_PLUGIN_CONFIG_YAML_TREE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plugin/config/config_problem.h"

namespace signet {

inline constexpr size_t kMaxYamlBytes = 64 << 10;
inline constexpr size_t kMaxYamlDepth = 16;

struct YamlNode {
  // kFaulty stands where a problem was reported already.
  enum class Kind { kNull, kScalar, kSequence, kMap, kFaulty };
  struct Key {
    std::string text;
    FilePosition position;
  };

  Kind kind = Kind::kNull;
  FilePosition position;
  std::string scalar;
  bool quoted = false;          // of a scalar: "64" is text, 64 a number
  std::vector<YamlNode> items;  // of a sequence, or the values of a map
  std::vector<Key> keys;        // of a map, one per item, all different
};

// The only document in `text`. Adds to `problems`: more than 64 KiB, bytes that are not UTF-8, control
// characters, syntax errors, nothing or more than one document, nesting beyond 16, duplicate keys, keys that
// are not plain text, values over several lines, anchors, aliases, tags and directives. nullopt when there is
// no tree to look at; otherwise the tree is whole, with kFaulty nodes where it had to be cut. Pure; safe on
// hostile bytes.
std::optional<YamlNode> ParseYaml(absl::string_view text, ConfigProblems& problems);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_YAML_TREE_H_

// SectionReader: takes settings out of one map of the YAML tree by name, type and range. What is wrong goes
// to the context's problems with its position and path; the output keeps its default then. Finish() reports
// what nobody asked for. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_CONFIG_SECTION_READER_H_
#define SIGNET_PLUGIN_CONFIG_SECTION_READER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plugin/config/config_problem.h"
#include "plugin/config/value_rules.h"
#include "plugin/config/yaml_tree.h"

namespace signet {

// Shared by all readers of one file.
struct ReadContext {
  ConfigProblems problems;
  // Where each setting that is present stands, by its path: for rules between settings.
  std::map<std::string, FilePosition> positions;
  // Instead of reading, list the paths asked for in `known` ("providers[].name"). Sections are all entered.
  bool listing = false;
  std::set<std::string> known;
};

class SectionReader {
 public:
  // `node` may be null: a section that is absent. `path` is "" for the whole file. Both outlive the reader.
  SectionReader(ReadContext& context, const YamlNode* node, std::string path, FilePosition position);

  template <typename T, typename Out>
  void Optional(absl::string_view key, const ValueRule<T>& rule, Out& out) {
    const YamlNode* node = Take(key);
    if (node == nullptr) return;
    if (std::optional<T> value = Parse(*node, PathOf(key), rule)) out = static_cast<Out>(*std::move(value));
  }
  template <typename T, typename Out>
  void Required(absl::string_view key, const ValueRule<T>& rule, Out& out) {
    if (!Has(key)) ReportMissing(key, rule.expected);
    Optional(key, rule, out);
  }
  // A list of 0 to `most` different values.
  template <typename T>
  void OptionalList(absl::string_view key, const ValueRule<T>& rule, size_t most, std::vector<T>& out) {
    const YamlNode* node = TakeList(key, most, "[" + rule.expected + ", …]");
    if (node == nullptr) return;
    std::vector<T> values;
    for (size_t i = 0; i < node->items.size(); ++i) {
      const std::string path = absl::StrCat(PathOf(key), "[", i, "]");
      std::optional<T> value = Parse(node->items[i], path, rule);
      if (!value.has_value()) continue;
      for (const T& earlier : values) {
        if (earlier == *value) context_.problems.Add(node->items[i].position, path, "listed twice: keep one");
      }
      values.push_back(*std::move(value));
    }
    out = std::move(values);
  }

  // The reader of a section below. It may be absent or faulty; then its required settings are missing.
  SectionReader Section(absl::string_view key);
  // Runs `read` for every section of a list of 1 to `most`; required.
  void ForEachSection(absl::string_view key, size_t most, const std::function<void(SectionReader&)>& read);

  bool Has(absl::string_view key) const;
  bool listing() const { return context_.listing; }
  std::string PathOf(absl::string_view key) const;
  FilePosition position() const { return position_; }
  // Where `key` stands, or this section when it is absent.
  FilePosition PositionOf(absl::string_view key) const;
  void Report(absl::string_view key, absl::string_view text);

  // Reports keys that were not asked for, with the nearest one that could have been.
  void Finish();

 private:
  size_t Find(absl::string_view key) const;
  // The value of `key`, or null when it is absent or a problem was reported.
  const YamlNode* Take(absl::string_view key);
  const YamlNode* TakeList(absl::string_view key, size_t most, absl::string_view example);
  void ReportMissing(absl::string_view key, absl::string_view expected);
  void ReportUnknown(const YamlNode::Key& key);

  template <typename T>
  std::optional<T> Parse(const YamlNode& node, const std::string& path, const ValueRule<T>& rule) {
    if (!IsScalar(node, path, rule.expected)) return std::nullopt;
    if (node.quoted && !rule.may_be_quoted) {
      context_.problems.Add(node.position, path, absl::StrCat("must be ", rule.expected, ", without quotes"));
      return std::nullopt;
    }
    std::optional<T> value = rule.parse(node.scalar);
    if (!value.has_value()) {
      const std::string shown = rule.may_be_shown ? absl::StrCat(", not ", QuoteForMessage(node.scalar)) : "";
      context_.problems.Add(node.position, path, absl::StrCat("must be ", rule.expected, shown));
    }
    return value;
  }
  bool IsScalar(const YamlNode& node, const std::string& path, absl::string_view expected);

  ReadContext& context_;
  const YamlNode* map_;  // null: absent, or not a map
  const std::string path_;
  const FilePosition position_;
  std::set<std::string> asked_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_SECTION_READER_H_

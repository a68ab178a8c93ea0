#include "plugin/config/section_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace signet {
namespace {

constexpr size_t kNotFound = static_cast<size_t>(-1);

// Edits (insert, delete, replace) between two short words.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

bool LooksLikeSecret(absl::string_view key) {
  const std::string lower = absl::AsciiStrToLower(key);
  for (const absl::string_view word : {"pass", "secret", "token", "credential"}) {
    if (absl::StrContains(lower, word)) return true;
  }
  return false;
}

}  // namespace

SectionReader::SectionReader(ReadContext& context, const YamlNode* node, std::string path,
                             FilePosition position)
    : context_(context), map_(nullptr), path_(std::move(path)), position_(position) {
  if (node == nullptr || node->kind == YamlNode::Kind::kFaulty) return;
  if (node->kind == YamlNode::Kind::kMap) {
    map_ = node;
    return;
  }
  context_.problems.Add(position_, path_, "must be a section: lines of 'name: value', indented alike");
}

std::string SectionReader::PathOf(absl::string_view key) const {
  return path_.empty() ? std::string(key) : absl::StrCat(path_, ".", key);
}

size_t SectionReader::Find(absl::string_view key) const {
  if (map_ == nullptr) return kNotFound;
  for (size_t i = 0; i < map_->keys.size(); ++i) {
    if (map_->keys[i].text == key) return i;
  }
  return kNotFound;
}

bool SectionReader::Has(absl::string_view key) const { return Find(key) != kNotFound; }

FilePosition SectionReader::PositionOf(absl::string_view key) const {
  const size_t index = Find(key);
  return index == kNotFound ? position_ : map_->keys[index].position;
}

void SectionReader::Report(absl::string_view key, absl::string_view text) {
  context_.problems.Add(PositionOf(key), PathOf(key), text);
}

const YamlNode* SectionReader::Take(absl::string_view key) {
  asked_.emplace(key);
  if (context_.listing) context_.known.insert(PathOf(key));
  const size_t index = Find(key);
  if (index == kNotFound) return nullptr;
  context_.positions[PathOf(key)] = map_->keys[index].position;
  const YamlNode& node = map_->items[index];
  if (node.kind == YamlNode::Kind::kFaulty) return nullptr;
  if (node.kind == YamlNode::Kind::kNull) {
    Report(key, "has no value: give one, or remove the line for the default");
    return nullptr;
  }
  return &node;
}

const YamlNode* SectionReader::TakeList(absl::string_view key, size_t most, absl::string_view example) {
  const YamlNode* node = Take(key);
  if (node == nullptr) return nullptr;
  if (node->kind != YamlNode::Kind::kSequence) {
    Report(key, absl::StrCat("must be a list: ", example));
    return nullptr;
  }
  if (node->items.size() > most) {
    Report(key, absl::StrCat("has ", node->items.size(), " items, at most ", most, " are allowed"));
    return nullptr;
  }
  return node;
}

SectionReader SectionReader::Section(absl::string_view key) {
  const YamlNode* node = Take(key);
  // An inner section is no setting of its own.
  context_.known.erase(PathOf(key));
  return SectionReader(context_, node, PathOf(key), PositionOf(key));
}

void SectionReader::ForEachSection(absl::string_view key, size_t most,
                                   const std::function<void(SectionReader&)>& read) {
  if (context_.listing) {
    SectionReader section(context_, nullptr, PathOf(key) + "[]", {});
    read(section);
    return;
  }
  if (!Has(key)) ReportMissing(key, "a list of sections");
  const YamlNode* list = TakeList(key, most, "sections that begin with '- '");
  if (list == nullptr) return;
  if (list->items.empty()) Report(key, "must have at least one item");
  for (size_t i = 0; i < list->items.size(); ++i) {
    SectionReader section(context_, &list->items[i], absl::StrCat(PathOf(key), "[", i, "]"),
                          list->items[i].position);
    if (list->items[i].kind == YamlNode::Kind::kFaulty) continue;
    read(section);
    section.Finish();
  }
}

bool SectionReader::IsScalar(const YamlNode& node, const std::string& path, absl::string_view expected) {
  if (node.kind == YamlNode::Kind::kScalar) return true;
  if (node.kind == YamlNode::Kind::kFaulty) return false;
  const absl::string_view what = node.kind == YamlNode::Kind::kSequence ? ", not a list"
                                 : node.kind == YamlNode::Kind::kMap    ? ", not a section"
                                                                        : "; there is no value";
  context_.problems.Add(node.position, path, absl::StrCat("must be ", expected, what));
  return false;
}

void SectionReader::ReportMissing(absl::string_view key, absl::string_view expected) {
  if (context_.listing) return;
  context_.problems.Add(position_, PathOf(key), absl::StrCat("is missing: ", expected));
}

void SectionReader::ReportUnknown(const YamlNode::Key& key) {
  std::string text = "unknown setting";
  const std::string* nearest = nullptr;
  size_t best = std::max<size_t>(1, key.text.size() / 3) + 1;
  if (key.text.size() <= 64) {
    for (const std::string& known : asked_) {
      const size_t distance = EditDistance(key.text, known);
      if (distance >= best || Has(known)) continue;
      best = distance;
      nearest = &known;
    }
  }
  if (nearest != nullptr) {
    absl::StrAppend(&text, "; did you mean ", *nearest, "?");
  } else {
    std::vector<std::string> known(asked_.begin(), asked_.end());
    absl::StrAppend(&text, "; known here: ", absl::StrJoin(known, ", "));
  }
  if (LooksLikeSecret(key.text)) absl::StrAppend(&text, ". Secrets never stand in this file");
  const std::string shown = QuoteForMessage(key.text);
  context_.problems.Add(key.position, PathOf(absl::string_view(shown).substr(1, shown.size() - 2)), text);
}

void SectionReader::Finish() {
  if (map_ == nullptr) return;
  for (const YamlNode::Key& key : map_->keys) {
    if (asked_.count(key.text) == 0) ReportUnknown(key);
  }
}

}  // namespace signet

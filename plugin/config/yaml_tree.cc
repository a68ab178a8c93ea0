#include "plugin/config/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"

namespace signet {
namespace {

// The lines of the text, to look up what yaml-cpp's marks point at.
class Lines {
 public:
  explicit Lines(absl::string_view text) : lines_(absl::StrSplit(text, '\n')) {}

  // From the mark, which counts bytes, to the end of its line.
  absl::string_view RestAt(const YAML::Mark& mark) const {
    const absl::string_view line = Line(mark);
    return line.substr(std::min(static_cast<size_t>(mark.column), line.size()));
  }

  // Counts characters, as editors do.
  FilePosition Position(const YAML::Mark& mark) const {
    if (mark.is_null()) return {};
    const absl::string_view before = Line(mark).substr(0, static_cast<size_t>(mark.column));
    const auto characters = std::count_if(
        before.begin(), before.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return {mark.line + 1, static_cast<int>(characters) + 1};
  }

 private:
  absl::string_view Line(const YAML::Mark& mark) const {
    const auto line = static_cast<size_t>(mark.line);
    return line < lines_.size() ? lines_[line] : absl::string_view();
  }

  const std::vector<absl::string_view> lines_;
};

// Whether `rest` begins with a quoted text that also ends there. yaml-cpp takes a quote that is never closed
// for one that is closed at the end of the file, which would swallow all settings behind it.
bool IsClosedQuote(absl::string_view rest) {
  if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) return false;
  const char quote = rest.front();
  for (size_t i = 1; i < rest.size(); ++i) {
    if (quote == '"' && rest[i] == '\\') {
      ++i;
    } else if (rest[i] == quote) {
      if (quote == '"' || i + 1 >= rest.size() || rest[i + 1] != quote) return true;
      ++i;
    }
  }
  return false;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Lines& lines, ConfigProblems& problems) : lines_(lines), problems_(problems) {}

  std::optional<YamlNode> TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) problems_.Add(lines_.Position(mark), "", "a second document: only one is allowed");
  }
  void OnDocumentEnd() override {}
  bool has_second_document() const { return documents_ > 1; }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.position = lines_.Position(mark);
    if (!CheckAnchor(mark, anchor)) node.kind = YamlNode::Kind::kFaulty;
    Place(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (!Ignoring())
      problems_.Add(lines_.Position(mark), "", "aliases (*name) are not allowed: write it out");
    YamlNode node;
    node.kind = YamlNode::Kind::kFaulty;
    node.position = lines_.Position(mark);
    Place(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.position = lines_.Position(mark);
    node.scalar = value;
    node.quoted = tag == "!";
    if (!CheckAnchor(mark, anchor) || !CheckTag(mark, tag) || !CheckOneLine(mark, node)) {
      node.kind = YamlNode::Kind::kFaulty;
    }
    Place(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Frame {
    YamlNode node;
    bool has_key = false;     // of a map: the next node is the value of `key`
    bool drop_value = false;  // …which is not kept, as its key was bad
    YamlNode::Key key;
    std::map<std::string, int> lines_of_keys;
  };

  bool Ignoring() const { return ignored_depth_ > 0 || documents_ > 1; }

  bool CheckAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == 0) return true;
    if (!Ignoring()) problems_.Add(lines_.Position(mark), "", "anchors (&name) are not allowed");
    return false;
  }

  bool CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return true;
    if (!Ignoring()) problems_.Add(lines_.Position(mark), "", "tags (!name) are not allowed");
    return false;
  }

  bool CheckOneLine(const YAML::Mark& mark, const YamlNode& node) {
    const absl::string_view rest = lines_.RestAt(mark);
    if (node.quoted ? IsClosedQuote(rest) : absl::StartsWith(rest, node.scalar)) return true;
    if (!Ignoring()) {
      problems_.Add(
          lines_.Position(mark), "",
          "a value must end in the line it begins in: is a quote left open, or a line indented too far?");
    }
    return false;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (Ignoring()) {
      ++ignored_depth_;
      return;
    }
    bool usable = CheckAnchor(mark, anchor);
    usable = CheckTag(mark, tag) && usable;
    if (!stack_.empty() && stack_.back().node.kind == YamlNode::Kind::kMap && !stack_.back().has_key) {
      problems_.Add(lines_.Position(mark), "", "a key must be plain text");
      usable = false;
    } else if (stack_.size() >= kMaxYamlDepth) {
      problems_.Add(lines_.Position(mark), "",
                    absl::StrCat("nested too deeply: at most ", kMaxYamlDepth, " levels are allowed"));
      usable = false;
    }
    if (!usable) {
      ignored_depth_ = 1;
      ignored_position_ = lines_.Position(mark);
      return;
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.position = lines_.Position(mark);
    stack_.push_back(std::move(frame));
  }

  void Close() {
    if (documents_ > 1) return;
    if (ignored_depth_ > 0) {
      if (--ignored_depth_ > 0) return;
      YamlNode node;
      node.kind = YamlNode::Kind::kFaulty;
      node.position = ignored_position_;
      Place(std::move(node));
      return;
    }
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Place(std::move(node));
  }

  void Place(YamlNode node) {
    if (Ignoring()) return;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == YamlNode::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (frame.has_key) {
      frame.has_key = false;
      if (frame.drop_value) return;
      frame.node.keys.push_back(std::move(frame.key));
      frame.node.items.push_back(std::move(node));
    } else {
      PlaceKey(frame, std::move(node));
    }
  }

  void PlaceKey(Frame& frame, YamlNode node) {
    frame.has_key = true;
    frame.drop_value = true;
    if (node.kind == YamlNode::Kind::kNull) problems_.Add(node.position, "", "a key is missing before ':'");
    if (node.kind != YamlNode::Kind::kScalar) return;
    const auto [earlier, is_new] = frame.lines_of_keys.emplace(node.scalar, node.position.line);
    if (!is_new) {
      problems_.Add(node.position, "",
                    absl::StrCat("duplicate key ", QuoteForMessage(node.scalar), ", first in line ",
                                 earlier->second, ": keep one"));
      return;
    }
    frame.drop_value = false;
    frame.key = {std::move(node.scalar), node.position};
  }

  const Lines& lines_;
  ConfigProblems& problems_;
  std::vector<Frame> stack_;
  std::optional<YamlNode> root_;
  int documents_ = 0;
  size_t ignored_depth_ = 0;  // open collections inside one that is not kept, itself included
  FilePosition ignored_position_;
};

// What yaml-cpp would misread or accept: other encodings, control characters.
bool CheckCharacters(absl::string_view text, ConfigProblems& problems) {
  FilePosition position;
  while (!text.empty()) {
    const size_t size = Utf8CharacterBytes(text);
    if (size == 0) {
      problems.Add(position, "", "not valid UTF-8");
      return false;
    }
    const char c = text.front();
    const bool line_end = c == '\n' || (c == '\r' && text.size() > 1 && text[1] == '\n');
    if ((c >= 0 && c < 0x20 && c != '\t' && !line_end) || c == 0x7F) {
      problems.Add(position, "", "a control character");
      return false;
    }
    if (c == '%' && position.column == 1) {
      problems.Add(position, "", "directives (%) are not allowed");
      return false;
    }
    text.remove_prefix(size);
    ++position.column;
    if (c == '\n') position = {position.line + 1, 1};
  }
  return true;
}

}  // namespace

std::optional<YamlNode> ParseYaml(absl::string_view text, ConfigProblems& problems) {
  if (text.size() > kMaxYamlBytes) {
    problems.Add({}, "", absl::StrCat("longer than ", kMaxYamlBytes, " bytes"));
    return std::nullopt;
  }
  text = absl::StripPrefix(text, "\xEF\xBB\xBF");
  if (!CheckCharacters(text, problems)) return std::nullopt;
  const Lines lines(text);
  TreeBuilder builder(lines, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // Not to the end: before a stray "," the parser finds empty documents for ever.
    while (parser.HandleNextDocument(builder) && !builder.has_second_document()) {
    }
  } catch (const YAML::DeepRecursion& error) {
    problems.Add(lines.Position(error.mark), "", "nested too deeply");
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    problems.Add(lines.Position(error.mark), "", absl::StrCat("not valid YAML: ", Printable(error.msg)));
    return std::nullopt;
  }
  std::optional<YamlNode> root = builder.TakeRoot();
  if (!root.has_value()) problems.Add({}, "", "no settings: the file is empty");
  return root;
}

}  // namespace signet

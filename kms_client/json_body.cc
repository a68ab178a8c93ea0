#include "kms_client/json_body.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "base/status_macros.h"

namespace signet::kms {
namespace {

constexpr int kMaxDepth = 16;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Goes through JSON text string by string; what stands between strings is of no interest here.
class StringScanner {
 public:
  explicit StringScanner(absl::string_view text) : text_(text) {}

  // The next string's content, as written; false at the end of the text or when the text ends within a
  // string.
  bool Next(absl::string_view& content, bool& has_escape) {
    const size_t open = text_.find('"', at_);
    if (open == absl::string_view::npos) return false;
    has_escape = false;
    size_t close = open + 1;
    while (close < text_.size() && text_[close] != '"') {
      if (text_[close] == '\\') {
        has_escape = true;
        ++close;
      }
      ++close;
    }
    if (close >= text_.size()) {
      cut_short_ = true;
      return false;
    }
    content = text_.substr(open + 1, close - open - 1);
    at_ = close + 1;
    return true;
  }
  // Whether a colon follows: the last string was a key. Moves past it.
  bool TakeColon() { return Take(':'); }
  // Whether a string follows.
  bool AtString() {
    SkipBlanks();
    return at_ < text_.size() && text_[at_] == '"';
  }
  bool cut_short() const { return cut_short_; }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  bool Take(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  const absl::string_view text_;
  size_t at_ = 0;
  bool cut_short_ = false;
};

// Follows the parser and stops it at a key that comes twice or at nesting that is too deep.
class ProperObject final : public nlohmann::json::json_sax_t {
 public:
  bool is_object() const { return is_object_; }

  bool null() override { return Enter(); }
  bool boolean(bool /*value*/) override { return Enter(); }
  bool number_integer(number_integer_t /*value*/) override { return Enter(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return Enter(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return Enter(); }
  bool string(string_t& /*value*/) override { return Enter(); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(size_t /*elements*/) override {
    if (!Enter()) return false;
    if (depth_ == 0) is_object_ = true;
    ++depth_;
    objects_.push_back(keys_.size());
    return true;
  }
  bool key(string_t& name) override {
    keys_.push_back(name);
    return true;
  }
  bool end_object() override {
    --depth_;
    const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(objects_.back());
    std::sort(first, keys_.end());
    const bool twice = std::adjacent_find(first, keys_.end()) != keys_.end();
    keys_.erase(first, keys_.end());
    objects_.pop_back();
    return !twice;
  }
  bool start_array(size_t /*elements*/) override {
    if (!Enter()) return false;
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return false;
  }

 private:
  bool Enter() const { return depth_ <= kMaxDepth; }

  int depth_ = 0;
  bool is_object_ = false;
  // Of all objects that are open, and where the keys of each begin.
  std::vector<std::string> keys_;
  std::vector<size_t> objects_;
};

const nlohmann::json* Member(const nlohmann::json& object, absl::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(name));
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<crypto::SensitiveString> TakeJsonSecret(crypto::SensitiveString& body,
                                                       absl::string_view name) {
  StringScanner scanner(body.Expose());
  absl::string_view content;
  bool has_escape = false;
  bool is_string = false;
  std::optional<absl::string_view> value;
  while (scanner.Next(content, has_escape)) {
    if (has_escape || content != name || !scanner.TakeColon()) continue;
    if (value.has_value()) return absl::InvalidArgumentError("the answer has a key twice");
    is_string = scanner.AtString();
    if (!is_string) {
      value = absl::string_view();
      continue;
    }
    if (!scanner.Next(content, has_escape)) break;
    if (has_escape) return absl::InvalidArgumentError("the answer has an escape where none belongs");
    value = content;
  }
  if (scanner.cut_short()) return absl::InvalidArgumentError("the answer is cut short");
  if (!value.has_value() || !is_string) return absl::NotFoundError("the answer lacks a value");
  crypto::SensitiveString secret{std::string(*value)};
  std::string& text = body.ExposeMutable();
  const size_t start = static_cast<size_t>(value->data() - text.data());
  const size_t size = value->size();
  // Moving the rest down overwrites the secret; what is beyond the new end is blanked before it is cut off.
  text.replace(start, size, size, ' ');
  text.erase(start, size);
  return secret;
}

void BlankJsonStrings(crypto::SensitiveString& body, absl::string_view name) {
  std::string& text = body.ExposeMutable();
  StringScanner scanner(text);
  absl::string_view content;
  bool has_escape = false;
  while (scanner.Next(content, has_escape)) {
    if (content != name || !scanner.TakeColon() || !scanner.AtString()) continue;
    if (!scanner.Next(content, has_escape)) return;
    text.replace(static_cast<size_t>(content.data() - text.data()), content.size(), content.size(), ' ');
  }
}

void AppendJsonString(absl::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

bool IsClosedJsonObject(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty() || text.front() != '{') return false;
  std::array<char, kMaxDepth> closing{};
  size_t depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') {
      if (depth == closing.size()) return false;
      closing[depth++] = c == '{' ? '}' : ']';
    } else if (c == '}' || c == ']') {
      if (depth == 0 || closing[--depth] != c) return false;
      if (depth == 0) return at + 1 == text.size();
    } else if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
    }
  }
  return false;
}

absl::StatusOr<nlohmann::json> ParseJsonObject(absl::string_view text) {
  ProperObject check;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &check) || !check.is_object()) {
    return absl::InvalidArgumentError("the answer is no proper JSON object");
  }
  return nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

std::optional<std::string> JsonString(const nlohmann::json& object, absl::string_view name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return member->get_ref<const std::string&>();
}

std::optional<int64_t> JsonInteger(const nlohmann::json& object, absl::string_view name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr || !member->is_number_integer()) return std::nullopt;
  if (member->is_number_unsigned() &&
      member->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  return member->get<int64_t>();
}

std::optional<bool> JsonBool(const nlohmann::json& object, absl::string_view name) {
  const nlohmann::json* member = Member(object, name);
  if (member == nullptr || !member->is_boolean()) return std::nullopt;
  return member->get<bool>();
}

const nlohmann::json* JsonObject(const nlohmann::json& object, absl::string_view name) {
  const nlohmann::json* member = Member(object, name);
  return member != nullptr && member->is_object() ? member : nullptr;
}

}  // namespace signet::kms

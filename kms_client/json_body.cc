#include "kms_client/json_body.h"

#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
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

absl::StatusOr<nlohmann::json> ParseJsonObject(absl::string_view text) {
  bool refused = false;
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (depth > kMaxDepth) refused = true;
    if (event == nlohmann::json::parse_event_t::object_start) keys.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == nlohmann::json::parse_event_t::key && !keys.empty()) {
      const std::string* key = parsed.get_ptr<const std::string*>();
      if (key != nullptr && !keys.back().insert(*key).second) refused = true;
    }
    return !refused;
  };
  nlohmann::json object = nlohmann::json::parse(text.begin(), text.end(), check, /*allow_exceptions=*/false);
  if (refused || !object.is_object())
    return absl::InvalidArgumentError("the answer is no proper JSON object");
  return object;
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

#include "plugin/etcd/etcdctl_json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace signet::etcd {
namespace {

// {"kvs": [{"key": …}]} has three levels; deeper ones are not built.
constexpr int kMaxDepth = 4;

bool DecodeMember(const nlohmann::json& entry, const char* name, std::string& out) {
  const auto member = entry.find(name);
  // etcd leaves an empty value out.
  if (member == entry.end()) return true;
  return member->is_string() && absl::Base64Unescape(member->get_ref<const std::string&>(), &out);
}

}  // namespace

std::optional<absl::StatusOr<std::vector<KeyValue>>> ParseEtcdctlJson(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::StartsWith(text, "{") || !absl::StrContains(text, "\"kvs\"")) return std::nullopt;
  const auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    return depth <= kMaxDepth;
  };
  const nlohmann::json dump =
      nlohmann::json::parse(text.begin(), text.end(), shallow, /*allow_exceptions=*/false);
  if (!dump.is_object()) return std::nullopt;
  const auto entries = dump.find("kvs");
  if (entries == dump.end() || !entries->is_array()) return std::nullopt;
  std::vector<KeyValue> result;
  for (const nlohmann::json& entry : *entries) {
    KeyValue pair;
    if (!entry.is_object() || !DecodeMember(entry, "key", pair.key) ||
        !DecodeMember(entry, "value", pair.value)) {
      return absl::InvalidArgumentError(
          "etcdctl's JSON: an entry of \"kvs\" without key and value in base64");
    }
    result.push_back(std::move(pair));
  }
  if (result.empty()) return absl::InvalidArgumentError("etcdctl's JSON: no entries, the key does not exist");
  return result;
}

}  // namespace signet::etcd

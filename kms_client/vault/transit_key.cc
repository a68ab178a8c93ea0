#include "kms_client/vault/transit_key.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "kms_client/json_body.h"
#include "kms_client/vault/vault_errors.h"

namespace signet::kms {
namespace {

// Those that take associated data.
constexpr absl::string_view kTypes[] = {"aes256-gcm96", "aes128-gcm96", "chacha20-poly1305",
                                        "xchacha20-poly1305"};

absl::Status Unsuitable(absl::string_view operation, absl::string_view why) {
  return WithFailureClass(absl::FailedPreconditionError(absl::StrCat(operation, ": ", why)),
                          FailureClass::kUnreachable);
}

}  // namespace

std::optional<RemoteVersion> TransitKey::Version(uint32_t number) const {
  const auto found = created.find(number);
  if (found == created.end()) return std::nullopt;
  // With the number, for two versions may be of the same second.
  return RemoteVersion{absl::StrCat(number), absl::StrCat(number, "@", found->second), number};
}

absl::StatusOr<TransitKey> ParseTransitKey(absl::string_view operation, absl::string_view body) {
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body);
  if (!object.ok()) return VaultMalformedStatus(operation);
  const nlohmann::json* const data = JsonObject(*object, "data");
  if (data == nullptr) return VaultMalformedStatus(operation);
  if (JsonBool(*data, "soft_deleted").value_or(false)) {
    return WithFailureClass(
        absl::FailedPreconditionError(absl::StrCat(operation, ": the key is soft-deleted")),
        FailureClass::kRevoked);
  }
  const std::string type = JsonString(*data, "type").value_or("");
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
    return Unsuitable(operation, "the key's type takes no associated data: make an aes256-gcm96 key");
  }
  if (JsonBool(*data, "derived").value_or(false)) {
    return Unsuitable(operation, "the key is a derived one: make a key without `derived`");
  }
  const nlohmann::json* const keys = JsonObject(*data, "keys");
  const int64_t latest = JsonInteger(*data, "latest_version").value_or(0);
  if (keys == nullptr || latest < 1 || latest > std::numeric_limits<uint32_t>::max()) {
    return VaultMalformedStatus(operation);
  }
  TransitKey key;
  key.latest_version = static_cast<uint32_t>(latest);
  for (const auto& [name, value] : keys->items()) {
    uint32_t number = 0;
    const std::optional<int64_t> created = JsonInteger(*keys, name);
    if (!absl::SimpleAtoi(name, &number) || absl::StrCat(number) != name || number == 0 ||
        !created.has_value() || *created <= 0) {
      return VaultMalformedStatus(operation);
    }
    key.created[number] = *created;
  }
  if (key.created.count(key.latest_version) == 0) return VaultMalformedStatus(operation);
  return key;
}

}  // namespace signet::kms

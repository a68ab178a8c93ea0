// The JSON that a vendor answers, read so that secrets in it leave no copies: TakeJsonSecret cuts the secret
// text out of the body first, and only then a JSON library sees the rest. Hostile input: everything is
// checked. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_JSON_BODY_H_
#define SIGNET_KMS_CLIENT_JSON_BODY_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/sensitive_string.h"

namespace signet::kms {

// Moves the string value of the key `name`, wherever it stands in `body`, out, and leaves an empty string in
// its place. NOT_FOUND: no such key, or its value is no string. INVALID_ARGUMENT: the key stands there twice,
// its value has an escape (what we look for never needs one), or `body` is cut short inside a string.
absl::StatusOr<crypto::SensitiveString> TakeJsonSecret(crypto::SensitiveString& body, absl::string_view name);

// Overwrites every string value of the key `name` with blanks, so that `body` can be parsed by a library.
void BlankJsonStrings(crypto::SensitiveString& body, absl::string_view name);

// Appends `text` as a JSON string with its quotes. `text` has no control characters.
void AppendJsonString(absl::string_view text, std::string& out);

// A JSON object of at most 16 levels without a key twice in one object. INVALID_ARGUMENT: anything else; the
// message holds nothing of the text.
absl::StatusOr<nlohmann::json> ParseJsonObject(absl::string_view text);
// Whether `text` is one object as far as brackets and quotes tell, to 16 levels: it begins with a brace that
// its last byte closes. For an answer whose only value of interest is proven by other means; a tenth of the
// cost of ParseJsonObject.
bool IsClosedJsonObject(absl::string_view text);

// The member, if it is there and has the type; never throws.
std::optional<std::string> JsonString(const nlohmann::json& object, absl::string_view name);
std::optional<int64_t> JsonInteger(const nlohmann::json& object, absl::string_view name);
std::optional<bool> JsonBool(const nlohmann::json& object, absl::string_view name);
// Null where the member is missing or no object.
const nlohmann::json* JsonObject(const nlohmann::json& object, absl::string_view name);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_JSON_BODY_H_

#include "kms_client/alibaba/issued_key.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "kms_client/json_body.h"

namespace signet::kms {
namespace {

constexpr size_t kMaxIdBytes = 128;
// Less than this is how long an answer may take.
constexpr absl::Duration kLeastSkew = absl::Minutes(1);

// It stands in a header, between commas.
bool IsKeyId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

absl::Duration LifetimeOf(const IssuedAlibabaKey& issued, absl::Time now) {
  const absl::Time then = issued.issuer_time.value_or(now);
  return issued.expires - (absl::AbsDuration(now - then) > kLeastSkew ? then : now);
}

absl::StatusOr<IssuedAlibabaKey> ParseAlibabaKey(absl::string_view source, absl::string_view member,
                                                 crypto::SensitiveString& body) {
  const auto malformed = [source](absl::string_view what) {
    return absl::UnavailableError(absl::StrCat(source, ": ", what));
  };
  IssuedAlibabaKey issued;
  issued.key = std::make_shared<AlibabaAccessKey>();
  absl::StatusOr<crypto::SensitiveString> secret = TakeJsonSecret(body, "AccessKeySecret");
  if (!secret.ok() || secret->size() == 0) return malformed("no AccessKeySecret");
  issued.key->secret = *std::move(secret);
  absl::StatusOr<crypto::SensitiveString> token = TakeJsonSecret(body, "SecurityToken");
  if (token.ok()) {
    issued.key->security_token = *std::move(token);
  } else if (!absl::IsNotFound(token.status())) {
    return malformed("an odd SecurityToken");
  }
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body.Expose());
  if (!object.ok()) return malformed("no JSON object");
  const nlohmann::json* const fields = member.empty() ? &*object : JsonObject(*object, member);
  if (fields == nullptr) return malformed(absl::StrCat("no ", member));
  issued.key->id = JsonString(*fields, "AccessKeyId").value_or("");
  if (!IsKeyId(issued.key->id)) return malformed("no AccessKeyId");
  const std::optional<std::string> expiration = JsonString(*fields, "Expiration");
  if (expiration.has_value() && !expiration->empty() &&
      !absl::ParseTime(absl::RFC3339_full, *expiration, &issued.expires, nullptr)) {
    return malformed("Expiration is no time such as 2026-01-02T03:04:05Z");
  }
  issued.key->may_be_over = issued.key->security_token.size() > 0 && issued.expires == absl::InfiniteFuture();
  return issued;
}

}  // namespace signet::kms

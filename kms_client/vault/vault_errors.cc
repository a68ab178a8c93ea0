#include "kms_client/vault/vault_errors.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "kms_client/failure_class.h"
#include "kms_client/json_body.h"
#include "kms_client/retry_after.h"

namespace signet::kms {
namespace {

using absl::StatusCode;

constexpr size_t kMaxTextBytes = 160;
// Tokens have 26 characters and more, secret ids 36.
constexpr size_t kLongestWord = 24;

struct KnownText {
  absl::string_view part;
  StatusCode code;
  FailureClass failure;
  absl::string_view advice;  // in front of what Vault said
};

// In this order: the first that occurs in the text counts.
constexpr KnownText kKnown400[] = {
    {"message authentication failed", StatusCode::kDataLoss, FailureClass::kBadBlob,
     "the blob does not open"},
    {"too old", StatusCode::kFailedPrecondition, FailureClass::kBadBlob,
     "the key version is below min_decryption_version"},
    {"version is too new", StatusCode::kFailedPrecondition, FailureClass::kBadBlob, "no such key version"},
    {"invalid ciphertext", StatusCode::kInvalidArgument, FailureClass::kBadBlob, "the blob is malformed"},
    {"encryption key not found", StatusCode::kNotFound, FailureClass::kRevoked, "the key is deleted"},
    {"soft-deleted", StatusCode::kFailedPrecondition, FailureClass::kRevoked, "the key is soft-deleted"},
    {"missing 'context'", StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     "the key is a derived one: make a key without `derived`"},
    {"non-AEAD", StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     "the key's type takes no associated data: make an aes256-gcm96 key"},
};

absl::Status Make(StatusCode code, FailureClass failure, absl::string_view operation, absl::string_view what,
                  const VaultAnswer& answer) {
  const std::string text = VaultErrorText(answer);
  absl::Status status(code, absl::StrCat(operation, ": ", what, " (HTTP ", answer.status,
                                         text.empty() ? "" : ": ", text, ")"));
  return WithFailureClass(std::move(status), failure);
}

// The list that every error of a Vault's has, and nobody else's: a gateway's page has none.
std::optional<nlohmann::json> ErrorsOf(const VaultAnswer& answer) {
  absl::StatusOr<nlohmann::json> object = ParseJsonObject(answer.body.Expose());
  if (!object.ok()) return std::nullopt;
  const auto errors = object->find("errors");
  if (errors == object->end() || !errors->is_array()) return std::nullopt;
  return std::move(*errors);
}

absl::Status OfNoVault(absl::string_view operation, const VaultAnswer& answer) {
  return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation,
              "what answers there is no Vault", answer);
}

absl::Status BadRequest(absl::string_view operation, const VaultAnswer& answer) {
  const std::string text = VaultErrorText(answer);
  for (const KnownText& known : kKnown400) {
    if (absl::StrContains(text, known.part)) {
      return Make(known.code, known.failure, operation, known.advice, answer);
    }
  }
  // Whatever it is, it is not known to say anything about the blob or the key.
  return Make(StatusCode::kFailedPrecondition, FailureClass::kUnreachable, operation, "refused", answer);
}

absl::Status NotFound(absl::string_view operation, const VaultAnswer& answer) {
  const std::optional<nlohmann::json> errors = ErrorsOf(answer);
  // A gateway that has lost its way to Vault says 404, too, and nothing about the key.
  if (!errors.has_value()) return OfNoVault(operation, answer);
  // Reading a key that is not there answers an empty list.
  if (errors->empty()) {
    return Make(StatusCode::kNotFound, FailureClass::kRevoked, operation, "there is no such key", answer);
  }
  // UNAVAILABLE: whoever meets NOT_FOUND takes a key or a record for lost.
  if (absl::StrContains(VaultErrorText(answer), "namespace")) {
    return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation, "there is no such namespace",
                answer);
  }
  return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation,
              "nothing is mounted there: check mount, key and auth.mount", answer);
}

}  // namespace

std::string VaultErrorText(const VaultAnswer& answer) {
  const std::optional<nlohmann::json> errors = ErrorsOf(answer);
  if (!errors.has_value() || errors->empty() || !errors->front().is_string()) return "";
  std::string text = errors->front().get_ref<const std::string&>();
  for (char& c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) c = ' ';
  }
  std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  for (std::string& word : words) {
    if (word.size() > kLongestWord) word = "...";
  }
  text = absl::StrJoin(words, " ");
  if (text.size() > kMaxTextBytes) text.resize(kMaxTextBytes);
  return text;
}

absl::Status VaultErrorStatus(absl::string_view operation, const VaultAnswer& answer) {
  switch (answer.status) {
    case 400:
      return BadRequest(operation, answer);
    case 404:
      return NotFound(operation, answer);
    case 405:
    case 413:
      return Make(StatusCode::kFailedPrecondition, FailureClass::kUnreachable, operation, "refused", answer);
    case 412:
      return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation,
                  "this node has not caught up yet", answer);
    case 429: {
      const absl::Status status =
          Make(StatusCode::kResourceExhausted, FailureClass::kThrottled, operation, "throttled", answer);
      return answer.retry_after.has_value() ? WithRetryAfter(status, *answer.retry_after) : status;
    }
    case 503: {
      const bool sealed = absl::StrContains(VaultErrorText(answer), "sealed");
      const absl::Status status = Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation,
                                       sealed ? "sealed" : "not ready", answer);
      return answer.retry_after.has_value() ? WithRetryAfter(status, *answer.retry_after) : status;
    }
    default:
      return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation, "failed", answer);
  }
}

bool MayBeReplicationLag(const VaultAnswer& answer) {
  return answer.status == 400 && absl::StrContains(VaultErrorText(answer), "version is too new");
}

absl::Status VaultRefusalStatus(absl::string_view operation, const VaultAnswer& answer,
                                bool token_is_proven) {
  if (!ErrorsOf(answer).has_value()) return OfNoVault(operation, answer);
  if (token_is_proven) {
    return Make(StatusCode::kPermissionDenied, FailureClass::kDenied, operation,
                "the token is valid and its policy does not allow this", answer);
  }
  return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation,
              "refused, and the token may have expired: it may not look itself up", answer);
}

absl::Status VaultMalformedStatus(absl::string_view operation) {
  return WithFailureClass(
      absl::UnavailableError(absl::StrCat(operation, ": what was answered is no Vault's")),
      FailureClass::kUnreachable);
}

}  // namespace signet::kms

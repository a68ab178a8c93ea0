#include "kms_client/alibaba/alibaba_errors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kms_client/failure_class.h"
#include "kms_client/json_body.h"
#include "kms_client/retry_after.h"

namespace signet::kms {
namespace {

using absl::StatusCode;

constexpr size_t kMaxWordBytes = 64;

struct KnownCode {
  absl::string_view code;  // with a star at its end: whatever begins so
  StatusCode status;
  FailureClass failure;
  absl::string_view meaning;
  AlibabaRefusal refusal = AlibabaRefusal::kNone;
};

constexpr auto kCredentials = AlibabaRefusal::kCredentials;
constexpr auto kPermission = AlibabaRefusal::kPermission;
constexpr auto kKey = AlibabaRefusal::kKey;

constexpr KnownCode kKnown[] = {
    // The account, not the key: paying or asking support brings it back.
    {"Forbidden.InDebt", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the account's bill is unpaid"},
    {"Forbidden.InDebtOverdue", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the account's bill is unpaid"},
    {"Forbidden.KmsServiceNotEnabled", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "KMS is not activated for this account"},
    {"Forbidden.UbsmsInvalid*", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the account may not use KMS"},
    {"Forbidden.ProhibitedByRiskControl", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the account is held by risk control"},

    {"InvalidAccessKeyId.NotFound", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "no such access key, or its STS token has expired", kCredentials},
    {"InvalidAccessKeyId.Inactive", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the access key is switched off", kCredentials},
    {"InvalidAccessKeyId", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the access key is not accepted", kCredentials},
    {"Forbidden.AccessKey", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the access key is not accepted", kCredentials},
    {"Forbidden.AccessKeyDisabled", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the access key is switched off", kCredentials},
    {"InvalidSecurityToken.Expired", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the STS token has expired", kCredentials},
    {"InvalidSecurityToken.Malformed", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the STS token is malformed", kCredentials},
    {"InvalidSecurityToken.MismatchWithAccessKey", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the STS token belongs to another access key", kCredentials},
    {"InvalidSecurityToken*", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the STS token is not accepted", kCredentials},
    {"MissingSecurityToken", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the access key is of STS and its token is missing", kCredentials},
    {"SignatureDoesNotMatch", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the signature does not match: check the access key's secret", kCredentials},
    {"IncompleteSignature", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the signature was not understood: check `signature`", kCredentials},

    {"InvalidTimeStamp.Expired", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "this machine's clock is off by more than 15 minutes"},
    {"IllegalTimestamp", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "this machine's clock is off by more than 15 minutes"},
    {"SignatureNonceUsed", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the nonce was taken for a repeated one"},

    {"Forbidden.NoPermission", StatusCode::kPermissionDenied, FailureClass::kDenied,
     "the credentials are valid and their RAM policy does not allow this", kPermission},
    {"Forbidden.RAM", StatusCode::kPermissionDenied, FailureClass::kDenied,
     "the credentials are valid and their RAM policy does not allow this", kPermission},
    {"NoPermission", StatusCode::kPermissionDenied, FailureClass::kDenied,
     "the credentials are valid and their RAM policy does not allow this", kPermission},

    {"Forbidden.KeyNotFound", StatusCode::kNotFound, FailureClass::kRevoked,
     "there is no such key here: check key, region and account, or it is destroyed", kKey},
    {"Forbidden.KeyVersionNotFound", StatusCode::kNotFound, FailureClass::kRevoked,
     "there is no such key version", kKey},
    {"Forbidden.AliasNotFound", StatusCode::kNotFound, FailureClass::kRevoked, "there is no such alias",
     kKey},
    {"Rejected.Disabled", StatusCode::kFailedPrecondition, FailureClass::kRevoked, "the key is disabled",
     kKey},
    {"Rejected.PendingDeletion", StatusCode::kFailedPrecondition, FailureClass::kRevoked,
     "the key is about to be deleted", kKey},
    {"Rejected.PendingImport", StatusCode::kFailedPrecondition, FailureClass::kRevoked,
     "the key's material was taken away or has expired", kKey},
    // The instance that holds the key has expired or is away, which is no word about the key.
    {"Rejected.Unavailable", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the key's KMS instance is not available: expired, or not paid", kKey},
    {"Rejected.StateModifiedFailed", StatusCode::kUnavailable, FailureClass::kUnreachable,
     "the key's state is being changed", kKey},

    {"UnsupportedOperation", StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     "the key or this endpoint does not support this", kKey},
    {"Unsupported.Origin", StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     "not for keys of this origin", kKey},
    {"Rejected.LimitExceeded", StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
     "a limit of the account is reached"},
};

bool IsMeant(const KnownCode& known, absl::string_view code) {
  absl::string_view pattern = known.code;
  return absl::ConsumeSuffix(&pattern, "*") ? absl::StartsWith(code, pattern) : code == pattern;
}

// The first that is meant.
const KnownCode* Find(const std::string& code) {
  const auto* const found = std::find_if(std::begin(kKnown), std::end(kKnown),
                                         [&code](const KnownCode& known) { return IsMeant(known, code); });
  return found == std::end(kKnown) ? nullptr : found;
}

std::string SafeWord(const nlohmann::json& object, absl::string_view name) {
  std::string word = JsonString(object, name).value_or("");
  const bool safe =
      word.size() <= kMaxWordBytes && std::all_of(word.begin(), word.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
      });
  return safe ? word : std::string();
}

absl::Status Make(StatusCode code, FailureClass failure, absl::string_view operation, absl::string_view what,
                  const AlibabaAnswer& answer, const AlibabaError& error) {
  std::string details = absl::StrCat("HTTP ", answer.status);
  if (!error.code.empty()) absl::StrAppend(&details, ", ", error.code);
  if (!error.request_id.empty()) absl::StrAppend(&details, ", request id ", error.request_id);
  absl::Status status(code, absl::StrCat(operation, ": ", what, " (", details, ")"));
  status = WithFailureClass(std::move(status), failure);
  return answer.retry_after.has_value() ? WithRetryAfter(std::move(status), *answer.retry_after) : status;
}

}  // namespace

AlibabaError ParseAlibabaError(const AlibabaAnswer& answer) {
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(answer.body.Expose());
  if (!object.ok()) return {};
  return {SafeWord(*object, "Code"), SafeWord(*object, "RequestId")};
}

AlibabaRefusal AlibabaRefusalOf(const AlibabaError& error) {
  const KnownCode* const known = Find(error.code);
  return known == nullptr ? AlibabaRefusal::kNone : known->refusal;
}

absl::Status AlibabaErrorStatus(absl::string_view operation, const AlibabaAnswer& answer) {
  const AlibabaError error = ParseAlibabaError(answer);
  if (const KnownCode* const known = Find(error.code); known != nullptr) {
    return Make(known->status, known->failure, operation, known->meaning, answer, error);
  }
  if (absl::StrContains(error.code, "Throttling") || answer.status == 429) {
    return Make(StatusCode::kResourceExhausted, FailureClass::kThrottled, operation, "throttled", answer,
                error);
  }
  if (answer.status >= 500) {
    return Make(StatusCode::kUnavailable, FailureClass::kUnreachable, operation, "failed", answer, error);
  }
  // Of all parameters of Decrypt only the blob and the context come from etcd: nothing else can be wrong in
  // some calls and right in others.
  if (error.code == "InvalidParameter" && absl::EndsWith(operation, " Decrypt")) {
    return Make(StatusCode::kDataLoss, FailureClass::kBadBlob, operation,
                "the blob does not open: another cluster_id, or damaged", answer, error);
  }
  // Whatever it is, it is not known to say anything about the blob or the key.
  const StatusCode code = error.code.empty() ? StatusCode::kUnavailable : StatusCode::kFailedPrecondition;
  return Make(code, FailureClass::kUnreachable, operation,
              error.code.empty() ? "what was answered is no KMS's" : "refused", answer, error);
}

absl::Status AlibabaMalformedStatus(absl::string_view operation) {
  return WithFailureClass(absl::UnavailableError(absl::StrCat(operation, ": what was answered is no KMS's")),
                          FailureClass::kUnreachable);
}

}  // namespace signet::kms

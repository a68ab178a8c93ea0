// What an error answer of Alibaba Cloud means: one function from its code and HTTP status to absl::Status and
// FailureClass. The table is in ../ERRORS.md. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_ERRORS_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kms_client/alibaba/alibaba_rpc.h"

namespace signet::kms {

struct AlibabaError {
  // Both empty where the answer has none, or has one that cannot be shown.
  std::string code;        // "Forbidden.NoPermission": at most 64 of [A-Za-z0-9._-]
  std::string request_id;  // what Alibaba's support asks for
};

// Of an answer that is not 2xx. Messages are left out: one about a wrong signature repeats the request.
AlibabaError ParseAlibabaError(const AlibabaAnswer& answer);

// What a refusal is about, for something is to be done before it counts.
enum class AlibabaRefusal {
  kNone,
  kCredentials,  // the access key or its token is unknown, expired or switched off, or its secret is wrong
  kPermission,   // the credentials are good and may not do this
  kKey,  // the key that was named, or that the blob names: none such, not enabled, not of use for this
};
AlibabaRefusal AlibabaRefusalOf(const AlibabaError& error);

// For an answer that is not 2xx. `operation` is "alibaba Decrypt", …
absl::Status AlibabaErrorStatus(absl::string_view operation, const AlibabaAnswer& answer);

// A 2xx whose content is not what was asked for.
absl::Status AlibabaMalformedStatus(absl::string_view operation);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_ERRORS_H_

// The RPC signature with HMAC-SHA1 ("V1"), for endpoints of Alibaba Cloud that do not take ACS3 yet.
// Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_RPC_SIGNER_H_
#define SIGNET_KMS_CLIENT_ALIBABA_RPC_SIGNER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/sensitive_string.h"
#include "kms_client/alibaba/percent_encoding.h"

namespace signet::kms {

// The value of the parameter `Signature`, for all other parameters of query and form together. INTERNAL:
// OpenSSL refused.
absl::StatusOr<std::string> SignRpc(absl::string_view method, const AlibabaParameters& parameters,
                                    const crypto::SensitiveString& access_key_secret);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_RPC_SIGNER_H_

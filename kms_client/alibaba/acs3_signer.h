// ACS3-HMAC-SHA256, Alibaba Cloud's current request signature ("V3"). Thread-safe (pure functions); nothing
// blocks.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ACS3_SIGNER_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ACS3_SIGNER_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/sensitive_string.h"

namespace signet::kms {

// What is signed: the very values that are sent.
struct Acs3Request {
  std::string method;           // "POST"
  std::string canonical_query;  // CanonicalQuery() of the action's parameters
  // host, every x-acs-* and content-type where it is sent; names in lower case, values trimmed.
  // `x-acs-content-sha256` is among them: Acs3ContentHash(body).
  std::map<std::string, std::string> headers;
  absl::string_view body;
};

// Lower-case hex of SHA-256.
std::string Acs3ContentHash(absl::string_view body);

// Lower-case hex of SHA-256 over the canonical request: what the string to sign names.
std::string Acs3CanonicalRequestHash(const Acs3Request& request);

// The value of the Authorization header. INTERNAL: OpenSSL refused.
absl::StatusOr<std::string> SignAcs3(const Acs3Request& request, absl::string_view access_key_id,
                                     const crypto::SensitiveString& access_key_secret);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ACS3_SIGNER_H_

// A secret that stands in a text file alone: a token, a password, a JWT.
#ifndef SIGNET_KMS_CLIENT_AUTH_SECRET_TEXT_H_
#define SIGNET_KMS_CLIENT_AUTH_SECRET_TEXT_H_

#include "absl/status/statusor.h"
#include "crypto/sensitive_string.h"
#include "kms_client/watched_file.h"

namespace signet::kms {

inline constexpr size_t kMaxSecretTextBytes = size_t{64} << 10;

// The content without blanks and line breaks at both ends. FAILED_PRECONDITION: nothing is left, or it has
// control characters or blanks inside. The message names the file.
absl::StatusOr<crypto::SensitiveString> SecretTextOf(const WatchedFile::Content& content,
                                                     const std::string& path);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_AUTH_SECRET_TEXT_H_

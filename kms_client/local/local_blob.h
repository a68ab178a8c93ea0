// The blob of the `local` provider: 32 bytes sealed under one version of a keyring. Layout:
// crypto/ENVELOPE_FORMAT.md. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_LOCAL_LOCAL_BLOB_H_
#define SIGNET_KMS_CLIENT_LOCAL_LOCAL_BLOB_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/aes_gcm.h"
#include "crypto/random.h"
#include "crypto/secret_bytes.h"
#include "kms_client/kms_client.h"
#include "kms_client/local/keyring.h"

namespace signet::kms {

inline constexpr size_t kLocalPlaintextBytes = 32;
inline constexpr size_t kLocalBlobBytes =
    crypto::kGcmNonceBytes + kLocalPlaintextBytes + crypto::kGcmTagBytes;

// `version` is one of `keyring` that is not destroyed; its state is the caller's business.
// INVALID_ARGUMENT: not 32 bytes; UNAVAILABLE: no randomness; INTERNAL: OpenSSL failed.
absl::StatusOr<std::string> SealLocalBlob(const Keyring& keyring, const KeyringVersion& version,
                                          const crypto::SecretBytes& plaintext, const WrapContext& context,
                                          crypto::RandomSource& random);

// INVALID_ARGUMENT: wrong size; DATA_LOSS: it does not open; RESOURCE_EXHAUSTED: no secure memory.
absl::StatusOr<crypto::SecretBytes> OpenLocalBlob(const Keyring& keyring, const KeyringVersion& version,
                                                  absl::string_view blob, const WrapContext& context);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_LOCAL_BLOB_H_

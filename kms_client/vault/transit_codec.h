// TransitCodec: between Vault's "vault:v3:<base64>" and the bytes of a record entry. FORMAT.md describes
// both; what is stored never changes. Hostile input. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_VAULT_TRANSIT_CODEC_H_
#define SIGNET_KMS_CLIENT_VAULT_TRANSIT_CODEC_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/secret_bytes.h"
#include "crypto/sensitive_string.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

inline constexpr size_t kTransitPlaintextBytes = 32;

struct TransitCiphertext {
  uint32_t key_version = 0;
  std::string bytes;
};

// The bodies of the requests. RESOURCE_EXHAUSTED is not possible; both are written into memory reserved
// beforehand.
crypto::SensitiveString EncodeEncryptRequest(const crypto::SecretBytes& plaintext,
                                             const WrapContext& context);
crypto::SensitiveString EncodeDecryptRequest(const TransitCiphertext& ciphertext, const WrapContext& context);

// The answers' bodies. UNAVAILABLE: not such an answer; DATA_LOSS: a plaintext of another size than we ever
// wrap; RESOURCE_EXHAUSTED: no secure memory.
absl::StatusOr<TransitCiphertext> DecodeEncryptAnswer(absl::string_view operation, absl::string_view body);
absl::StatusOr<crypto::SecretBytes> DecodeDecryptAnswer(absl::string_view operation,
                                                        crypto::SensitiveString& body);

// To and from a record entry. INVALID_ARGUMENT, class bad blob: not what we write.
std::string EncodeBackendField(uint32_t key_version);
absl::StatusOr<TransitCiphertext> DecodeRecordEntry(absl::string_view backend_field, absl::string_view blob);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_TRANSIT_CODEC_H_

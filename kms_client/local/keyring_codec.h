// The bytes of a keyring file. Layout: crypto/ENVELOPE_FORMAT.md, "Keyring file". Readers accept every format
// ever written. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_CODEC_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/aes_gcm.h"
#include "crypto/random.h"
#include "crypto/secret_bytes.h"
#include "crypto/sensitive_string.h"
#include "kms_client/local/keyring.h"
#include "kms_client/local/keyring_seal.h"

namespace signet::kms {

inline constexpr absl::string_view kKeyringMagic = "SIGNETKR";
inline constexpr uint8_t kKeyringFormat = 1;
// 1,024 versions with labels of 64 bytes are 146 KiB.
inline constexpr size_t kMaxKeyringFileBytes = size_t{256} << 10;

// What can be read without a passphrase. The views point into the input.
struct KeyringFileParts {
  KeyringId id{};
  uint64_t revision = 0;
  std::optional<SealParameters> seal;  // absent: not sealed
  absl::string_view nonce;             // 12 bytes when sealed
  absl::string_view header;            // every byte before the body
  absl::string_view body;              // the plain body, or ciphertext and tag
};

// Checks magic, format, bounds and checksum. DATA_LOSS: no keyring, torn or edited; FAILED_PRECONDITION: of a
// newer format, which the message names.
absl::StatusOr<KeyringFileParts> ParseKeyringFile(absl::string_view bytes);

// `seal_key` is that of parts.seal, null exactly when the file is not sealed. PERMISSION_DENIED: the key
// does not open it (wrong passphrase); DATA_LOSS: the body breaks a rule; RESOURCE_EXHAUSTED: no secure
// memory.
absl::StatusOr<Keyring> DecodeKeyring(const KeyringFileParts& parts, const crypto::SecretBytes* seal_key);

// The whole file, in one buffer that was sized before anything was written into it.
absl::StatusOr<crypto::SensitiveString> EncodeKeyring(const Keyring& keyring);
// The same, sealed under `seal_key`, which was made with `parameters`. UNAVAILABLE: no randomness.
absl::StatusOr<crypto::SensitiveString> EncodeSealedKeyring(const Keyring& keyring,
                                                            const SealParameters& parameters,
                                                            const crypto::SecretBytes& seal_key,
                                                            crypto::RandomSource& random);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_CODEC_H_

// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, on pre-fetched ciphers and one reused
// context per thread. Thread-safe; nothing blocks; no allocation after a thread's first call.
#ifndef SIGNET_CRYPTO_AES_GCM_H_
#define SIGNET_CRYPTO_AES_GCM_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace signet::crypto {

inline constexpr size_t kAesKeyBytes = 32;
inline constexpr size_t kGcmNonceBytes = 12;
inline constexpr size_t kGcmTagBytes = 16;

// Encrypts `plaintext` into `out`: ciphertext then tag, plaintext.size() + 16 bytes; `out` may not overlap
// the plaintext unless it starts at the same byte. The caller never repeats a (key, nonce) pair.
// INVALID_ARGUMENT: a wrong size; INTERNAL: OpenSSL failed.
absl::Status AesGcmSeal(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> plaintext,
                        absl::Span<uint8_t> out);

// Decrypts ciphertext ‖ tag into `out`, sealed.size() - 16 bytes. DATA_LOSS: authentication failed, and
// `out` holds only zeros; INVALID_ARGUMENT: a wrong size; INTERNAL: OpenSSL failed.
absl::Status AesGcmOpen(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> sealed,
                        absl::Span<uint8_t> out);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_AES_GCM_H_

// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, on pre-fetched ciphers and one reused
// context per thread and direction. Thread-safe; nothing blocks; no allocation after a thread's first call,
// or its first after a failure.
//
// A context holds the expanded key in ordinary heap while a call runs. Afterwards the key is overwritten;
// after a failure the whole context is wiped and dropped.
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

// What becomes of the expanded key after a successful call.
enum class ExpandedKey {
  kWipe,
  // For a call that is followed at once by another on this thread and in this direction, which replaces it.
  kLeaveForNextCall,
};

// Encrypts `plaintext` into `out`: ciphertext then tag, plaintext.size() + 16 bytes; `out` may not overlap
// the plaintext unless it starts at the same byte. The caller never repeats a (key, nonce) pair.
// INVALID_ARGUMENT: a wrong size, `out` untouched; INTERNAL: OpenSSL failed, `out` holds only zeros.
absl::Status AesGcmSeal(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> plaintext,
                        absl::Span<uint8_t> out, ExpandedKey after = ExpandedKey::kWipe);

// Decrypts ciphertext ‖ tag into `out`, sealed.size() - 16 bytes; `out` may not overlap `sealed` unless it
// starts at the same byte. DATA_LOSS: authentication failed, `out` holds only zeros; INVALID_ARGUMENT: a
// wrong size, `out` untouched; INTERNAL: OpenSSL failed, `out` holds only zeros.
absl::Status AesGcmOpen(absl::Span<const uint8_t> key, absl::Span<const uint8_t> nonce,
                        absl::Span<const uint8_t> aad, absl::Span<const uint8_t> sealed,
                        absl::Span<uint8_t> out, ExpandedKey after = ExpandedKey::kWipe);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_AES_GCM_H_

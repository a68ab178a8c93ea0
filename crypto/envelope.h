// The envelope: what Encrypt returns and etcd stores for every object. Layout: ENVELOPE_FORMAT.md,
// "Envelope".
//
//   0xE5 | format 1 | u16 0 | local KEK id 16 | nonce 12, wrapped DEK 32, tag 16 | nonce 12, payload n, tag
//   16
//
// Thread-safe; nothing blocks but getrandom(2) before the kernel is seeded.
#ifndef SIGNET_CRYPTO_ENVELOPE_H_
#define SIGNET_CRYPTO_ENVELOPE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/local_kek.h"
#include "crypto/random.h"
#include "crypto/record.h"
#include "crypto/sensitive_string.h"

namespace signet::crypto {

inline constexpr uint8_t kEnvelopeMagic = 0xE5;
inline constexpr uint8_t kEnvelopeFormat = 1;
inline constexpr size_t kEnvelopeHeaderBytes = 20;
inline constexpr size_t kEnvelopeOverheadBytes = 108;
inline constexpr size_t kMaxPlaintextBytes = 65536;

// A parsed envelope; the views point into the bytes that were parsed.
struct EnvelopeView {
  absl::string_view header;  // 20 bytes
  LocalKekId local_kek_id;
  absl::string_view wrapped_dek;  // nonce, 32, tag: 60 bytes
  absl::string_view payload;      // nonce, n, tag: 28 + n bytes, n from 1 to 65,536
};

// INVALID_ARGUMENT: not an envelope of ours, a newer format, reserved bits, or a size out of bounds.
absl::StatusOr<EnvelopeView> ParseEnvelope(absl::string_view ciphertext);

// Seals 1 to 65,536 bytes under a fresh DEK, the DEK under `kek`. `key_id` (1 to 255 bytes) and `kek_id` are
// authenticated. One request to `random`, and no allocation but the result's after a thread's first call.
// INVALID_ARGUMENT: a size out of bounds; UNAVAILABLE: no randomness; RESOURCE_EXHAUSTED: no secure memory
// for this thread's DEK; INTERNAL: OpenSSL failed.
absl::StatusOr<std::string> SealEnvelope(const LocalKek& kek, const LocalKekId& kek_id,
                                         absl::string_view key_id, absl::string_view plaintext,
                                         RandomSource& random);

// Opens what ParseEnvelope returned. DATA_LOSS: authentication failed (tampered, other key_id, other KEK);
// INVALID_ARGUMENT: key_id out of bounds; RESOURCE_EXHAUSTED and INTERNAL as SealEnvelope.
absl::StatusOr<SensitiveString> OpenEnvelope(const LocalKek& kek, absl::string_view key_id,
                                             const EnvelopeView& envelope);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_ENVELOPE_H_

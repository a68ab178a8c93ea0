// SHA-256, HMAC and HKDF-SHA256 (FIPS 180-4, RFC 2104, RFC 5869) over OpenSSL's fetched algorithms.
// Thread-safe; nothing blocks.
#ifndef SIGNET_CRYPTO_DIGEST_H_
#define SIGNET_CRYPTO_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "crypto/secret_bytes.h"

namespace signet::crypto {

using Sha256Digest = std::array<uint8_t, 32>;
using Sha1Digest = std::array<uint8_t, 20>;

// Of the concatenation of `parts`, none of them secret (state stays in a context of the thread). Ends the
// process if OpenSSL cannot compute it: it never does but without memory, and a wrong id would be worse.
Sha256Digest Sha256(std::initializer_list<absl::string_view> parts);
inline Sha256Digest Sha256(absl::string_view bytes) { return Sha256({bytes}); }

// Of the concatenation of `parts`, under a key of any length. INTERNAL: OpenSSL failed.
absl::StatusOr<Sha256Digest> HmacSha256(absl::Span<const uint8_t> key,
                                        std::initializer_list<absl::string_view> parts);

// For vendors' older request signatures only.
absl::StatusOr<Sha1Digest> HmacSha1(absl::Span<const uint8_t> key,
                                    std::initializer_list<absl::string_view> parts);

// HKDF (extract and expand), 1 to 255 * 32 bytes out, from a key of 1 byte or more. INVALID_ARGUMENT: a size
// out of bounds; RESOURCE_EXHAUSTED: no secure memory; INTERNAL: OpenSSL failed.
absl::StatusOr<SecretBytes> HkdfSha256(absl::Span<const uint8_t> input_key, absl::string_view salt,
                                       absl::string_view info, size_t size);

// Constant time in the content; unequal sizes are unequal.
bool ConstantTimeEqual(absl::string_view a, absl::string_view b);

// "sha256:" and lower-case hex of the SHA-256 of a key_id: how kube-apiserver's metrics and our logs name it.
std::string KeyIdHash(absl::string_view key_id);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_DIGEST_H_

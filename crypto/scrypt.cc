#include "crypto/scrypt.h"

#include <openssl/err.h>
#include <openssl/evp.h>

namespace signet::crypto {
namespace {

constexpr uint64_t kMaxMemoryBytes = uint64_t{1} << 30;
constexpr size_t kMaxKeyBytes = 1024;

bool InBounds(const ScryptCost& cost) {
  return cost.log2_n >= 10 && cost.log2_n <= 20 && cost.r >= 1 && cost.r <= 32 && cost.p >= 1 && cost.p <= 16;
}

}  // namespace

absl::StatusOr<SecretBytes> Scrypt(const SecretBytes& passphrase, absl::string_view salt,
                                   const ScryptCost& cost, size_t size) {
  if (!InBounds(cost)) return absl::InvalidArgumentError("scrypt: cost out of bounds");
  const uint64_t n = uint64_t{1} << cost.log2_n;
  // The B, V and T arrays of RFC 7914.
  const uint64_t memory = 128 * uint64_t{cost.r} * (n + cost.p + 2);
  if (memory > kMaxMemoryBytes) return absl::InvalidArgumentError("scrypt: cost out of bounds");
  if (size == 0 || size > kMaxKeyBytes) return absl::InvalidArgumentError("scrypt: size out of bounds");
  absl::StatusOr<SecretBytes> key = SecretBytes::Create(size);
  if (!key.ok()) return key;
  const absl::string_view text = passphrase.ExposeAsString();
  if (EVP_PBE_scrypt(text.data(), text.size(), reinterpret_cast<const uint8_t*>(salt.data()), salt.size(), n,
                     cost.r, cost.p, kMaxMemoryBytes + (uint64_t{1} << 20), key->ExposeMutable().data(),
                     size) != 1) {
    ERR_clear_error();
    return absl::ResourceExhaustedError("scrypt failed: out of memory");
  }
  return key;
}

}  // namespace signet::crypto

// scrypt (RFC 7914): a key from a passphrase, for the sealed keyring.
#ifndef SIGNET_CRYPTO_SCRYPT_H_
#define SIGNET_CRYPTO_SCRYPT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/secret_bytes.h"

namespace signet::crypto {

struct ScryptCost {
  uint8_t log2_n = 15;  // 15 with r = 8: 32 MiB and about 0.1 s
  uint32_t r = 8;
  uint32_t p = 1;
};

// `size` bytes, 1 to 1,024. Blocks for the time the cost asks for. INVALID_ARGUMENT: size, or cost outside
// log2_n 10..20, r 1..32, p 1..16 or more than 1 GiB (a hostile file must not choose how much memory we
// take); RESOURCE_EXHAUSTED: no memory. Its working memory is ordinary heap, wiped afterwards. Thread-safe.
absl::StatusOr<SecretBytes> Scrypt(const SecretBytes& passphrase, absl::string_view salt,
                                   const ScryptCost& cost, size_t size);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_SCRYPT_H_

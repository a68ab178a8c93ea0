// LocalKek: the two keys that HKDF makes of a local KEK, with what they are for. The KEK itself encrypts
// nothing. Immutable after creation, thread-safe, nothing blocks.
#ifndef SIGNET_CRYPTO_LOCAL_KEK_H_
#define SIGNET_CRYPTO_LOCAL_KEK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/random.h"
#include "crypto/record.h"
#include "crypto/secret_bytes.h"

namespace signet::crypto {

inline constexpr size_t kLocalKekBytes = 32;

class LocalKek {
 public:
  // Derives both keys. INVALID_ARGUMENT: not 32 bytes; RESOURCE_EXHAUSTED: no secure memory.
  static absl::StatusOr<std::unique_ptr<const LocalKek>> Derive(const SecretBytes& kek);

  // Encodes `record` (its mac is ignored), appends the MAC under `cluster_id` and returns the finished
  // record. INVALID_ARGUMENT: as EncodeRecordWithoutMac, or cluster_id is not 1 to 64 bytes; INTERNAL:
  // OpenSSL failed.
  absl::StatusOr<std::string> FinishRecord(const Record& record, absl::string_view cluster_id) const;

  // DATA_LOSS unless the MAC at the end of `record_bytes` is that of this KEK in `cluster_id`.
  // INVALID_ARGUMENT: cluster_id is not 1 to 64 bytes, or there is no room for a MAC; INTERNAL: OpenSSL
  // failed.
  absl::Status VerifyRecord(absl::string_view record_bytes, absl::string_view cluster_id) const;

  // The key that wraps DEKs. For crypto/envelope only.
  const SecretBytes& wrap_key() const { return wrap_key_; }

 private:
  LocalKek(SecretBytes wrap_key, SecretBytes record_key)
      : wrap_key_(std::move(wrap_key)), record_key_(std::move(record_key)) {}

  SecretBytes wrap_key_;
  SecretBytes record_key_;
};

// 32 fresh random bytes in secure memory. UNAVAILABLE: no randomness; RESOURCE_EXHAUSTED: no secure memory.
absl::StatusOr<SecretBytes> GenerateLocalKek(RandomSource& random);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_LOCAL_KEK_H_

// LocalKek: the two keys that HKDF makes of a local KEK, with what they are for. The KEK itself encrypts
// nothing. Immutable after creation, thread-safe, nothing blocks.
#ifndef SIGNET_CRYPTO_LOCAL_KEK_H_
#define SIGNET_CRYPTO_LOCAL_KEK_H_

#include <memory>
#include <string>

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

  // Appends the MAC under `cluster_id` and returns the finished record. Errors as EncodeRecordWithoutMac.
  absl::StatusOr<std::string> FinishRecord(const Record& record, absl::string_view cluster_id) const;

  // DATA_LOSS unless the MAC at the end of `record_bytes` is that of this KEK in `cluster_id`.
  absl::Status VerifyRecord(absl::string_view record_bytes, absl::string_view cluster_id) const;

  // The key that wraps DEKs. For crypto/seal only.
  const SecretBytes& wrap_key() const { return wrap_key_; }

 private:
  LocalKek(SecretBytes wrap_key, SecretBytes record_key)
      : wrap_key_(std::move(wrap_key)), record_key_(std::move(record_key)) {}

  SecretBytes wrap_key_;
  SecretBytes record_key_;
};

// 32 fresh random bytes in secure memory.
absl::StatusOr<SecretBytes> GenerateLocalKek(RandomSource& random);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_LOCAL_KEK_H_

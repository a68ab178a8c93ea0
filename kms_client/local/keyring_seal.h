// The keyring's optional seal: where the passphrase comes from and the key that scrypt makes of it.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_SEAL_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_SEAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"
#include "crypto/secret_bytes.h"

namespace signet::kms {

inline constexpr size_t kSealSaltBytes = 16;
inline constexpr size_t kMinPassphraseBytes = 8;
inline constexpr size_t kMaxPassphraseBytes = 1024;

// Where a passphrase is read from, each time a new key is needed; it is not kept.
class SealSource {
 public:
  // No seal.
  SealSource() = default;
  // A file, 0600 and root's or ours.
  static SealSource PassphraseFile(std::string path);
  // `name` in the folder that systemd names in $CREDENTIALS_DIRECTORY. INVALID_ARGUMENT: the name is no plain
  // file name; FAILED_PRECONDITION: `directory` is empty, so systemd passed no credentials.
  static absl::StatusOr<SealSource> Credential(absl::string_view directory, absl::string_view name);

  bool sealed() const { return !path_.empty(); }
  const std::string& path() const { return path_; }

  // One trailing newline is stripped. Blocks on the disk. INVALID_ARGUMENT: fewer than 8 or more than 1,024
  // bytes left; else as DurableFiles::Read. Not to be called when not sealed().
  absl::StatusOr<crypto::SecretBytes> ReadPassphrase(DurableFiles& files) const;

 private:
  std::string path_;
  bool credential_ = false;
};

// What a sealed file's header says about its key.
struct SealParameters {
  crypto::ScryptCost cost;
  std::array<uint8_t, kSealSaltBytes> salt{};
};

// The key of one seal. Remembers the last one made, so that a file that was rewritten under the same salt is
// read again without scrypt's tenth of a second. Not thread-safe.
class SealKeeper {
 public:
  explicit SealKeeper(SealSource source, crypto::ScryptCost cost = {})
      : source_(std::move(source)), cost_(cost) {}

  bool sealed() const { return source_.sealed(); }
  // The key of a file with these parameters; valid until the next call. Blocks on the disk and for scrypt.
  // Errors: as ReadPassphrase and crypto::Scrypt.
  absl::StatusOr<const crypto::SecretBytes*> KeyFor(const SealParameters& parameters, DurableFiles& files);
  // The parameters to write with: those of the last key, or new ones with a fresh salt. UNAVAILABLE: no
  // randomness.
  absl::StatusOr<SealParameters> ParametersForWriting(crypto::RandomSource& random) const;

 private:
  SealSource source_;
  crypto::ScryptCost cost_;
  std::optional<SealParameters> last_;
  crypto::SecretBytes key_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_SEAL_H_

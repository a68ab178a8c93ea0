// KeyringFile: a keyring on disk, private, replaced atomically, changed by one writer at a time.
//
// The file must be 0600 (or tighter) and root's or ours, not a symbolic link, in a folder that nobody else
// can write to: looser is refused. Writers hold an flock on `<keyring>.lock`, which stays behind for good.
// So everything that changes a keyring runs as the user that owns it. Not thread-safe. Every method blocks on
// the disk and, when sealed, for scrypt.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_FILE_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_FILE_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "crypto/scrypt.h"
#include "kms_client/local/keyring.h"
#include "kms_client/local/keyring_seal.h"

namespace signet::kms {

class KeyringFile {
 public:
  enum class Wait { kForOtherWriters, kNever };

  // `path` is absolute; `cost` is for files that this object creates. `files` and `random` outlive the
  // object.
  KeyringFile(std::string path, SealSource seal, DurableFiles& files, crypto::RandomSource& random,
              crypto::ScryptCost cost = {});

  const std::string& path() const { return path_; }
  // Whether the file is, or will be, sealed.
  bool sealed() const { return seal_.sealed(); }

  // NOT_FOUND: no file; PERMISSION_DENIED: file or folder looser than allowed, or the wrong passphrase;
  // DATA_LOSS: torn, edited or no keyring; FAILED_PRECONDITION: of a newer format, or sealed without a
  // configured passphrase, or not sealed though one is configured; else as DurableFiles::Read and
  // SealSource::ReadPassphrase. Messages name the path.
  absl::StatusOr<Keyring> Load();

  // Writes a keyring where there is none yet. ALREADY_EXISTS; else as Load and DurableFiles::Replace.
  absl::Status Create(const Keyring& keyring);

  // Under the writers' lock: loads, calls `change`, and when that returns OK saves with the next revision.
  // UNAVAILABLE: Wait::kNever and another writer is at work; else as Load, DurableFiles::Replace, or what
  // `change` returned.
  absl::Status Update(absl::FunctionRef<absl::Status(Keyring&)> change, Wait wait = Wait::kForOtherWriters);

 private:
  absl::Status CheckFolder() const;
  absl::Status Save(const Keyring& keyring);

  const std::string path_;
  DurableFiles& files_;
  crypto::RandomSource& random_;
  SealKeeper seal_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_FILE_H_

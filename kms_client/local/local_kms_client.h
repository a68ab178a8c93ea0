// LocalKmsClient: the `local` provider, a keyring file on this machine. Blob and context: design of the
// envelope, crypto/ENVELOPE_FORMAT.md, "Blob of the local provider".
//
// The file is looked at (stat) on every call and read again when it changed, so that imported, disabled and
// destroyed versions take effect at once. A replacement that cannot be used (damaged, looser mode, another
// keyring, an older revision, versions missing) is reported and the keyring in memory stays; so it is when
// the file vanishes. A restart accepts any good file.
//
// An activation that passes is taken up by the next Describe or Wrap and remembered in the file (revision +
// 1; where that cannot be written, in this process, and reported), so that a clock set back does not undo it.
#ifndef SIGNET_KMS_CLIENT_LOCAL_LOCAL_KMS_CLIENT_H_
#define SIGNET_KMS_CLIENT_LOCAL_LOCAL_KMS_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"
#include "kms_client/local/keyring_observer.h"
#include "kms_client/local/keyring_seal.h"

namespace signet::kms {

struct LocalKmsOptions {
  std::string keyring;  // absolute path
  SealSource seal;
  // Whether Rotate may write a new version into the file. Only where no other node has a keyring of its own:
  // what this node announces then the others cannot decrypt.
  bool allow_rotate = false;
};

// Reads the keyring; errors as KeyringFile::Load. Blocks on the disk and, when sealed, for scrypt. All
// references and `observer` (may be null) outlive the client.
//
// What the calls return beyond kms_client.h: Describe and Wrap FAILED_PRECONDITION (revoked) while the active
// version is disabled. Unwrap: INVALID_ARGUMENT (bad blob) backend field or blob of a wrong size; NOT_FOUND
// (bad blob) a version that this keyring does not have, (revoked) one that was destroyed;
// FAILED_PRECONDITION (revoked) one that is disabled; DATA_LOSS (bad blob) it does not open. The class
// speaks of the version that the blob names, which need not be the active one. Rotate:
// UNIMPLEMENTED without allow_rotate; else it adds a version, activates it and returns when that is durable;
// errors as KeyringWatcher::Rotate.
absl::StatusOr<std::unique_ptr<KmsClient>> MakeLocalKmsClient(LocalKmsOptions options, const Clock& clock,
                                                              crypto::RandomSource& random,
                                                              DurableFiles& files,
                                                              KeyringObserver* observer = nullptr);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_LOCAL_KMS_CLIENT_H_

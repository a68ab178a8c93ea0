// KeyringWatcher: the keyring as a running process sees it: in memory, read again when the file changes, with
// activations that never go back. What it accepts and remembers: local_kms_client.h.
//
// Thread-safe. Calls may block on the disk, for scrypt, or on another thread that does, the last up to the
// call's deadline; no lock is held meanwhile.
#ifndef SIGNET_KMS_CLIENT_LOCAL_KEYRING_WATCHER_H_
#define SIGNET_KMS_CLIENT_LOCAL_KEYRING_WATCHER_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"
#include "kms_client/local/keyring.h"
#include "kms_client/local/keyring_file.h"
#include "kms_client/local/keyring_observer.h"

namespace signet::kms {

struct ActiveVersion {
  std::shared_ptr<const Keyring> keyring;
  const KeyringVersion* version;  // of `keyring`, never null; enabled or not
};

class KeyringWatcher {
 public:
  // Errors: as KeyringFile::Load. `clock` and `observer` outlive the object.
  static absl::StatusOr<std::unique_ptr<KeyringWatcher>> Open(KeyringFile file, const Clock& clock,
                                                              KeyringObserver& observer);

  const crypto::Fingerprint& fingerprint() const { return fingerprint_; }

  // FAILED_PRECONDITION: no version has ever been active; DEADLINE_EXCEEDED: another thread is reading.
  absl::StatusOr<ActiveVersion> Active(const CallContext& call);

  // The keyring, read afresh (at most once a second) when it does not have `version_id`. DEADLINE_EXCEEDED:
  // another thread is reading.
  absl::StatusOr<std::shared_ptr<const Keyring>> KeyringWith(const CallContext& call,
                                                             absl::string_view version_id);

  // Adds a version to the file and activates it there; the next call sees it. FAILED_PRECONDITION: the file
  // is not one that would be taken up, or another version waits for its time, which would never come then;
  // UNAVAILABLE: another process is changing the file; DEADLINE_EXCEEDED: another thread is at it; else as
  // KeyringFile::Update and Keyring::Add.
  absl::Status Rotate(const CallContext& call, crypto::RandomSource& random);

 private:
  // What tells two contents of the file apart; all zero: no file.
  struct FileMark {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;  // mode and owner count too
    friend bool operator==(const FileMark&, const FileMark&) = default;
  };

  KeyringWatcher(KeyringFile file, const FileMark& mark, Keyring keyring, const Clock& clock,
                 KeyringObserver& observer);

  static FileMark Look(const std::string& path);
  // Reads the file again if it changed, or in any case.
  enum class Reread { kIfChanged, kAlways };
  absl::StatusOr<std::shared_ptr<const Keyring>> Refresh(const CallContext& call, Reread reread);
  // Whether what was read, or failed to be, is still what the file is.
  bool IsCurrent(const FileMark& mark) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<const Keyring>> LoadSuccessor(const Keyring& held);
  absl::Status AddActiveVersion(const Keyring& held, crypto::RandomSource& random);
  // Writes down that `number` is active. Does nothing while another thread uses the file, or soon after a
  // failure.
  void RememberActivation(uint32_t number);

  KeyringFile file_;  // used only by the thread that set busy_
  const crypto::Fingerprint fingerprint_;
  const Clock& clock_;
  KeyringObserver& observer_;

  Mutex mutex_;
  CondVar idle_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  FileMark mark_ ABSL_GUARDED_BY(mutex_);         // of the last attempt to read
  absl::Status problem_ ABSL_GUARDED_BY(mutex_);  // how that failed
  std::shared_ptr<const Keyring> keyring_ ABSL_GUARDED_BY(mutex_);
  MonotonicTime retry_at_ ABSL_GUARDED_BY(mutex_);
  uint32_t highest_active_ ABSL_GUARDED_BY(mutex_) = 0;  // never falls
  MonotonicTime next_forced_read_ ABSL_GUARDED_BY(mutex_);
  MonotonicTime next_remembering_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_LOCAL_KEYRING_WATCHER_H_

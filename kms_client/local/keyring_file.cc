#include "kms_client/local/keyring_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/trusted_folder.h"
#include "crypto/sensitive_string.h"
#include "kms_client/local/keyring_codec.h"

namespace signet::kms {
namespace {

constexpr mode_t kKeyringMode = 0600;

// Names the file in errors that come from its content.
absl::Status AtPath(const absl::Status& status, const std::string& path) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

absl::Status SystemError(const std::string& path) {
  const std::string message = absl::StrCat("cannot lock ", path, ": ", ::strerrordesc_np(errno));
  switch (errno) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
      return absl::PermissionDeniedError(message);
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    default:
      return absl::UnavailableError(message);
  }
}

// The writers' lock, held while the object lives. The lock file is never removed: a lock on a removed file
// would exclude nobody.
class WriterLock {
 public:
  static absl::StatusOr<WriterLock> Take(const std::string& keyring, KeyringFile::Wait wait) {
    const std::string path = absl::StrCat(keyring, ".lock");
    WriterLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kKeyringMode));
    if (lock.fd_ < 0) return SystemError(path);
    const int operation = LOCK_EX | (wait == KeyringFile::Wait::kNever ? LOCK_NB : 0);
    while (::flock(lock.fd_, operation) != 0) {
      if (errno == EWOULDBLOCK) {
        return absl::UnavailableError(absl::StrCat(keyring, ": another process is changing it"));
      }
      if (errno != EINTR) return SystemError(path);
    }
    return lock;
  }
  ~WriterLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  WriterLock(WriterLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  WriterLock& operator=(WriterLock&&) = delete;

 private:
  explicit WriterLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace

KeyringFile::KeyringFile(std::string path, SealSource seal, DurableFiles& files, crypto::RandomSource& random,
                         crypto::ScryptCost cost)
    : path_(std::move(path)), files_(files), random_(random), seal_(std::move(seal), cost) {}

absl::Status KeyringFile::CheckFolder() const {
  const size_t slash = path_.rfind('/');
  if (path_.empty() || path_.front() != '/') {
    return absl::InvalidArgumentError(absl::StrCat("the keyring's path is not absolute: ", path_));
  }
  return CheckTrustedFolder(slash == 0 ? "/" : path_.substr(0, slash));
}

absl::StatusOr<Keyring> KeyringFile::Load() {
  SIGNET_RETURN_IF_ERROR(CheckFolder());
  absl::StatusOr<std::string> read = files_.Read(path_, {kMaxKeyringFileBytes, /*must_be_private=*/true});
  if (!read.ok()) return read.status();
  const crypto::SensitiveString bytes(*std::move(read));
  const absl::StatusOr<KeyringFileParts> parts = ParseKeyringFile(bytes.Expose());
  if (!parts.ok()) return AtPath(parts.status(), path_);
  const crypto::SecretBytes* key = nullptr;
  if (parts->seal.has_value()) {
    if (!seal_.sealed()) {
      return absl::FailedPreconditionError(
          absl::StrCat(path_, ": the keyring is sealed and no passphrase is configured"));
    }
    SIGNET_ASSIGN_OR_RETURN(key, seal_.KeyFor(*parts->seal, files_));
  } else if (seal_.sealed()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": a passphrase is configured, but the keyring is not sealed"));
  }
  absl::StatusOr<Keyring> keyring = DecodeKeyring(*parts, key);
  if (!keyring.ok()) return AtPath(keyring.status(), path_);
  return keyring;
}

absl::Status KeyringFile::Create(const Keyring& keyring) {
  SIGNET_RETURN_IF_ERROR(CheckFolder());
  SIGNET_ASSIGN_OR_RETURN(const WriterLock lock, WriterLock::Take(path_, Wait::kForOtherWriters));
  if (struct stat info{}; ::lstat(path_.c_str(), &info) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(path_, ": exists, and a keyring is never overwritten"));
  }
  return Save(keyring);
}

absl::Status KeyringFile::Update(absl::FunctionRef<absl::Status(Keyring&)> change, Wait wait) {
  SIGNET_RETURN_IF_ERROR(CheckFolder());
  SIGNET_ASSIGN_OR_RETURN(const WriterLock lock, WriterLock::Take(path_, wait));
  SIGNET_ASSIGN_OR_RETURN(Keyring keyring, Load());
  SIGNET_RETURN_IF_ERROR(change(keyring));
  keyring.set_revision(keyring.revision() + 1);
  return Save(keyring);
}

absl::Status KeyringFile::Save(const Keyring& keyring) {
  if (!seal_.sealed()) {
    SIGNET_ASSIGN_OR_RETURN(const crypto::SensitiveString bytes, EncodeKeyring(keyring));
    return files_.Replace(path_, bytes.Expose(), kKeyringMode);
  }
  SIGNET_ASSIGN_OR_RETURN(const SealParameters parameters, seal_.ParametersForWriting(random_));
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes* const key, seal_.KeyFor(parameters, files_));
  SIGNET_ASSIGN_OR_RETURN(const crypto::SensitiveString bytes,
                          EncodeSealedKeyring(keyring, parameters, *key, random_));
  return files_.Replace(path_, bytes.Expose(), kKeyringMode);
}

}  // namespace signet::kms

#include "base/durable_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/utility/utility.h"
#include "base/status_macros.h"

namespace signet {
namespace {

constexpr int kTemporaryFileAttempts = 1000;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status ErrnoStatus(int error, absl::string_view what, absl::string_view path) {
  const std::string message = absl::StrCat(what, " ", path, ": ", std::generic_category().message(error));
  switch (error) {
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case ENOENT:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
    case ENXIO:
    case ENODEV:
    case ENAMETOOLONG:
      return absl::FailedPreconditionError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::Status CheckPrivate(const struct stat& info, const std::string& path) {
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": its group or others have access; run: chmod 600 ", path));
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": owned by uid ", info.st_uid, ", must be root's or uid ", ::geteuid(), "'s"));
  }
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::Status WriteAll(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "cannot write", path);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Opens the temporary file beside a target: new, empty, ours alone and locked against every other writer, in
// this process or another. What is left of a writer that died is removed, as its lock went with it.
absl::StatusOr<FileDescriptor> OpenTemporary(const std::string& path) {
  for (int attempt = 0; attempt < kTemporaryFileAttempts; ++attempt) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (file.get() < 0) {
      const int error = errno;
      // A link, a pipe or somebody else's file in the way.
      if ((error == ELOOP || error == EACCES || error == ENXIO) && ::unlink(path.c_str()) == 0) continue;
      return ErrnoStatus(error, "cannot create", path);
    }
    while (::flock(file.get(), LOCK_EX) != 0) {
      if (errno != EINTR) return ErrnoStatus(errno, "cannot lock", path);
    }
    struct stat opened {};
    struct stat named {};
    if (::fstat(file.get(), &opened) != 0) return ErrnoStatus(errno, "cannot stat", path);
    if (::lstat(path.c_str(), &named) != 0 || named.st_ino != opened.st_ino ||
        named.st_dev != opened.st_dev) {
      continue;  // Another writer renamed or removed it while we waited for the lock.
    }
    if (S_ISREG(opened.st_mode) && opened.st_nlink == 1 && opened.st_size == 0 &&
        opened.st_uid == ::geteuid()) {
      return file;
    }
    if (::unlink(path.c_str()) != 0) return ErrnoStatus(errno, "cannot remove", path);
  }
  return absl::UnavailableError(absl::StrCat("cannot create ", path, ": in use"));
}

// What stands at `path` now, if anything: only a regular file may be replaced.
absl::StatusOr<std::optional<struct stat>> InspectTarget(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::optional<struct stat>();
    return ErrnoStatus(errno, "cannot stat", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": not a regular file"));
  }
  return std::optional<struct stat>(info);
}

absl::Status WriteSynced(int fd, absl::string_view bytes, mode_t mode, const std::optional<struct stat>& old,
                         const std::string& path) {
  SIGNET_RETURN_IF_ERROR(WriteAll(fd, bytes, path));
  // An operator's tool run as root must not take a file away from the daemon's user.
  if (old.has_value() && ::geteuid() == 0 && ::fchown(fd, old->st_uid, old->st_gid) != 0) {
    return ErrnoStatus(errno, "cannot set the owner of", path);
  }
  if (::fchmod(fd, mode) != 0) return ErrnoStatus(errno, "cannot set the mode of", path);
  if (::fsync(fd) != 0) return ErrnoStatus(errno, "cannot sync", path);
  return absl::OkStatus();
}

// Built in place and returned without a copy, and wiped on failure: it may be a keyring.
absl::StatusOr<std::string> ReadContent(int fd, size_t size, const std::string& path) {
  // Sized once: a growing string would leave unwiped copies on the heap.
  absl::StatusOr<std::string> content(absl::in_place, size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, content->data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      ::explicit_bzero(content->data(), content->size());
      content = ErrnoStatus(error, "cannot read", path);
      return content;
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  content->resize(done);
  return content;
}

class PosixFiles final : public DurableFiles {
 public:
  absl::StatusOr<std::string> Read(const std::string& path, const ReadLimits& limits) override {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() < 0) return ErrnoStatus(errno, "cannot open", path);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ErrnoStatus(errno, "cannot stat", path);
    if (!S_ISREG(info.st_mode)) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": not a regular file"));
    }
    if (limits.must_be_private) SIGNET_RETURN_IF_ERROR(CheckPrivate(info, path));
    const auto size = static_cast<size_t>(info.st_size);
    if (size > limits.max_bytes) {
      return absl::OutOfRangeError(
          absl::StrCat(path, ": ", size, " bytes, at most ", limits.max_bytes, " are allowed"));
    }
    return ReadContent(file.get(), size, path);
  }

  absl::Status Replace(const std::string& path, absl::string_view bytes, mode_t mode) override {
    // Opened first, so that once the new file is in place nothing but its fsync can fail.
    const std::string folder = FolderOf(path);
    FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0) return ErrnoStatus(errno, "cannot open", folder);
    SIGNET_ASSIGN_OR_RETURN(const std::optional<struct stat> old, InspectTarget(path));
    const std::string temporary = absl::StrCat(path, ".tmp");
    SIGNET_ASSIGN_OR_RETURN(const FileDescriptor file, OpenTemporary(temporary));
    absl::Status status = WriteSynced(file.get(), bytes, mode, old, temporary);
    if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
      status = ErrnoStatus(errno, "cannot replace", path);
    }
    if (!status.ok()) {
      ::unlink(temporary.c_str());
      return status;
    }
    if (::fsync(directory.get()) != 0) return ErrnoStatus(errno, "cannot sync", folder);
    return absl::OkStatus();
  }

  absl::Status MakeFolder(const std::string& path, mode_t mode) override {
    const std::string parent = FolderOf(path);
    FileDescriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0) return ErrnoStatus(errno, "cannot open", parent);
    if (::mkdir(path.c_str(), 0700) != 0) return ErrnoStatus(errno, "cannot make", path);
    absl::Status status;
    if (::chmod(path.c_str(), mode) != 0) {
      status = ErrnoStatus(errno, "cannot set the mode of", path);
    } else if (::fsync(directory.get()) != 0) {
      status = ErrnoStatus(errno, "cannot sync", parent);
    }
    if (!status.ok()) ::rmdir(path.c_str());
    return status;
  }
};

}  // namespace

DurableFiles& PosixDurableFiles() {
  static PosixFiles* const files = new PosixFiles();
  return *files;
}

}  // namespace signet

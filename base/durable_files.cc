#include "base/durable_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet {
namespace {

// Closes on destruction; Close() reports what close(2) says.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return fd_; }
  int Close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

absl::Status ErrnoStatus(int error, absl::string_view what, absl::string_view path) {
  const std::string message = absl::StrCat(what, " ", path, ": ", std::strerror(error));
  switch (error) {
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

absl::Status WriteSynced(const std::string& path, absl::string_view bytes, mode_t mode) {
  // A leftover of a crash; O_EXCL below then proves that the file is ours alone.
  ::unlink(path.c_str());
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return ErrnoStatus(errno, "cannot create", path);
  SIGNET_RETURN_IF_ERROR(WriteAll(file.get(), bytes, path));
  if (::fchmod(file.get(), mode) != 0) return ErrnoStatus(errno, "cannot set the mode of", path);
  if (::fsync(file.get()) != 0) return ErrnoStatus(errno, "cannot sync", path);
  if (file.Close() != 0) return ErrnoStatus(errno, "cannot close", path);
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  FileDescriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return ErrnoStatus(errno, "cannot open", folder);
  if (::fsync(directory.get()) != 0) return ErrnoStatus(errno, "cannot sync", folder);
  return absl::OkStatus();
}

class PosixFiles final : public DurableFiles {
 public:
  absl::StatusOr<std::string> Read(const std::string& path, const ReadLimits& limits) override {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() < 0) return ErrnoStatus(errno, "cannot open", path);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return ErrnoStatus(errno, "cannot stat", path);
    if (!S_ISREG(info.st_mode))
      return absl::FailedPreconditionError(absl::StrCat(path, ": not a regular file"));
    if (limits.must_be_private) SIGNET_RETURN_IF_ERROR(CheckPrivate(info, path));
    if (static_cast<size_t>(info.st_size) > limits.max_bytes) {
      return absl::OutOfRangeError(
          absl::StrCat(path, ": ", info.st_size, " bytes, at most ", limits.max_bytes, " are allowed"));
    }
    // Sized once: a growing string would leave unwiped copies of a keyring on the heap.
    std::string content(static_cast<size_t>(info.st_size), '\0');
    size_t done = 0;
    while (done < content.size()) {
      const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
      if (got < 0) {
        if (errno == EINTR) continue;
        return ErrnoStatus(errno, "cannot read", path);
      }
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    content.resize(done);
    return content;
  }

  absl::Status Replace(const std::string& path, absl::string_view bytes, mode_t mode) override {
    const std::string temporary = absl::StrCat(path, ".tmp");
    if (absl::Status written = WriteSynced(temporary, bytes, mode); !written.ok()) {
      ::unlink(temporary.c_str());
      return written;
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      const int error = errno;
      ::unlink(temporary.c_str());
      return ErrnoStatus(error, "cannot replace", path);
    }
    return SyncFolder(FolderOf(path));
  }
};

}  // namespace

DurableFiles& PosixDurableFiles() {
  static PosixFiles* const files = new PosixFiles();
  return *files;
}

}  // namespace signet

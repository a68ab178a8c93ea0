#include "plugin/hierarchy/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/trusted_folder.h"

namespace signet {
namespace {

// The content is no secret, but whoever can change it can take history away.
absl::Status CheckDirectory(const std::string& directory) {
  SIGNET_RETURN_IF_ERROR(CheckTrustedFolder(directory));
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(directory, ": ", ::strerrordesc_np(errno)));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(directory, ": its group or others have access; run: chmod 700 ", directory));
  }
  return absl::OkStatus();
}

// The pid that the holder left in the file, for the message only.
std::string HolderSuffix(int fd) {
  char text[16] = {};
  const ssize_t size = ::pread(fd, text, sizeof(text) - 1, 0);
  int pid = 0;
  if (size <= 0 || !absl::SimpleAtoi(absl::string_view(text, static_cast<size_t>(size)), &pid)) return "";
  return absl::StrCat(" (pid ", pid, ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(const std::string& directory) {
  SIGNET_RETURN_IF_ERROR(CheckDirectory(directory));
  const std::string path = absl::StrCat(directory, "/lock");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return absl::PermissionDeniedError(absl::StrCat("cannot open ", path, ": ", ::strerrordesc_np(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const absl::Status held = absl::FailedPreconditionError(
        absl::StrCat("another signetd", HolderSuffix(fd), " uses this state directory: it holds ", path));
    ::close(fd);
    return held;
  }
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
  // The pid is a courtesy to people; on a full disk the lock serves as well without it.
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return lock;
  return lock;
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace signet

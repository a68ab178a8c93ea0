#include "plugin/server/socket_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace signet {
namespace {

// Two processes see each other under the same numbers only in one pid namespace.
std::string PidNamespace() {
  char name[64];
  const ssize_t size = ::readlink("/proc/self/ns/pid", name, sizeof(name));
  return size > 0 ? std::string(name, static_cast<size_t>(size)) : "unknown";
}

// What the holder wrote: "<pid> <pid namespace>\n". Empty when that says nothing here.
std::string HolderPid(int file) {
  char text[128];
  const ssize_t size = ::pread(file, text, sizeof(text), 0);
  if (size <= 0) return "";
  absl::string_view line(text, static_cast<size_t>(size));
  if (!absl::ConsumeSuffix(&line, "\n")) return "";
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  int32_t pid = 0;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &pid) || pid <= 0) return "";
  const std::string ours = PidNamespace();
  return ours != "unknown" && words[1] == ours ? absl::StrCat(pid) : "";
}

}  // namespace

absl::StatusOr<SocketLock> SocketLock::Acquire(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("lock file ", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("lock file ", path));
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat("lock file ", path, " is not a regular file"));
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("lock file ", path, " belongs to uid ", info.st_uid, ", neither root nor ours"));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, absl::StrCat("lock file ", path));
    const std::string pid = HolderPid(file.get());
    return absl::AlreadyExistsError(absl::StrCat("another instance holds the lock file ", path,
                                                 pid.empty() ? "" : absl::StrCat(" (pid ", pid, ")")));
  }
  // For people only, so a failure to write it is none.
  const std::string line = absl::StrCat(::getpid(), " ", PidNamespace(), "\n");
  if (::ftruncate(file.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), line.data(), line.size(), 0);
  }
  return SocketLock(std::move(file));
}

}  // namespace signet

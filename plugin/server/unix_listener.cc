#include "plugin/server/unix_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/trusted_folder.h"
#include "plugin/server/unix_address.h"

namespace signet {
namespace {

constexpr int kBacklog = 128;

absl::Status SystemError(absl::string_view step, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(step, " ", path));
}

// Removes a socket whose process is gone. We hold the lock, so it is no other signetd's; a refused connection
// proves that nobody else listens either.
absl::Status RemoveStaleSocket(const std::string& path, const UnixAddress& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : SystemError("stat", path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " exists and is not a socket"));
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return SystemError("socket for", path);
  if (::connect(probe.get(), address.get(), address.size) != 0 && errno == ECONNREFUSED) {
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? absl::OkStatus() : SystemError("remove", path);
  }
  // Connected, or a full backlog, or another kind of socket: somebody is there, or we cannot tell.
  return absl::AlreadyExistsError(absl::StrCat(path, " is in use by another program"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Create(const UnixListenerOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(const UnixAddress address, ParseUnixAddress(options.path, options.allow_abstract));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return SystemError("socket for", options.path);
  std::unique_ptr<UnixListener> listener(new UnixListener(options.path, std::move(socket)));
  if (address.abstract) {
    if (::bind(listener->fd(), address.get(), address.size) != 0) {
      return errno == EADDRINUSE
                 ? absl::AlreadyExistsError(absl::StrCat(options.path, " is in use by another program"))
                 : SystemError("bind", options.path);
    }
  } else {
    SIGNET_RETURN_IF_ERROR(listener->BindPath(options));
  }
  if (::listen(listener->fd(), kBacklog) != 0) return SystemError("listen on", options.path);
  return listener;
}

absl::Status UnixListener::BindPath(const UnixListenerOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(const UnixAddress address, ParseUnixAddress(path_, false));
  if (absl::Status folder = CheckTrustedFolder(FolderOf(path_)); !folder.ok()) {
    return absl::Status(folder.code(), absl::StrCat("folder of ", path_, ": ", folder.message()));
  }
  SIGNET_ASSIGN_OR_RETURN(lock_, SocketLock::Acquire(absl::StrCat(path_, ".lock")));
  SIGNET_RETURN_IF_ERROR(RemoveStaleSocket(path_, address));

  // The descriptor's mode is what bind(2) gives the file, less the umask: so it is never looser than asked,
  // not even for a moment. Until listen(2) every connection is refused.
  if (::fchmod(fd(), options.mode) != 0) return SystemError("set the mode of", path_);
  if (::bind(fd(), address.get(), address.size) != 0) {
    return errno == EADDRINUSE
               ? absl::AlreadyExistsError(absl::StrCat(path_, " is in use by another program"))
               : SystemError("bind", path_);
  }
  struct stat info {};
  if (::lstat(path_.c_str(), &info) != 0) return SystemError("stat", path_);
  made_file_ = true;
  device_ = info.st_dev;
  inode_ = info.st_ino;
  constexpr uid_t kSameUid = static_cast<uid_t>(-1);
  constexpr gid_t kSameGid = static_cast<gid_t>(-1);
  if ((options.owner || options.group) &&
      ::lchown(path_.c_str(), options.owner.value_or(kSameUid), options.group.value_or(kSameGid)) != 0) {
    return SystemError("set the owner of", path_);
  }
  if (::chmod(path_.c_str(), options.mode) != 0) return SystemError("set the mode of", path_);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Adopt(UniqueFd socket,
                                                                  const UnixListenerOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(const UnixAddress expected, ParseUnixAddress(options.path, options.allow_abstract));
  int type = 0;
  int listening = 0;
  socklen_t type_size = sizeof(type);
  socklen_t listening_size = sizeof(listening);
  UnixAddress actual;
  actual.size = sizeof(actual.address);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&actual.address), &actual.size) != 0 ||
      actual.address.sun_family != AF_UNIX || type != SOCK_STREAM || listening == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("inherited socket for ", options.path, " is not a listening Unix stream socket"));
  }
  if (actual.size != expected.size || std::memcmp(&actual.address, &expected.address, expected.size) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("inherited socket is bound elsewhere than the configured ", options.path));
  }
  if (!expected.abstract) {
    if (absl::Status folder = CheckTrustedFolder(FolderOf(options.path)); !folder.ok()) {
      return absl::Status(folder.code(), absl::StrCat("folder of ", options.path, ": ", folder.message()));
    }
  }
  if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) {
    return SystemError("inherited socket for", options.path);
  }
  return std::unique_ptr<UnixListener>(new UnixListener(options.path, std::move(socket)));
}

UnixListener::~UnixListener() { Close(); }

void UnixListener::Close() {
  socket_.Close();
  if (!std::exchange(made_file_, false)) return;
  struct stat info {};
  if (::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace signet

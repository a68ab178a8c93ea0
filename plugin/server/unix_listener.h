// UnixListener: a listening Unix socket that nobody else can take, replace or reach before it is ready.
//
// A path socket is made in this order: its folder is checked (base/trusted_folder.h), the lock file
// `<path>.lock` taken (socket_lock.h), a stale socket removed if proven dead, the new one bound, given its
// owner, group and mode, and only then opened for connections. A socket handed over by systemd is checked and
// used as it is.
#ifndef SIGNET_PLUGIN_SERVER_UNIX_LISTENER_H_
#define SIGNET_PLUGIN_SERVER_UNIX_LISTENER_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "plugin/server/socket_lock.h"

namespace signet {

struct UnixListenerOptions {
  std::string path;  // absolute, or "@name"
  bool allow_abstract = false;
  mode_t mode = 0600;          // exactly, whatever the umask
  std::optional<uid_t> owner;  // else left as created
  std::optional<gid_t> group;
};

// Not thread-safe. Does not block beyond the file system.
class UnixListener {
 public:
  // INVALID_ARGUMENT: the path; FAILED_PRECONDITION: abstract but not allowed, something that is no socket at
  // the path; ALREADY_EXISTS: another instance, or another program, is live there; NOT_FOUND: no such folder;
  // PERMISSION_DENIED: the folder is unsafe, or we may not write there or set owner and mode.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Create(const UnixListenerOptions& options);

  // Takes over a listening socket, which must be bound to options.path; its mode, owner and file stay as they
  // are. INVALID_ARGUMENT: not a listening Unix stream socket, or bound elsewhere; PERMISSION_DENIED: unsafe
  // folder.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Adopt(UniqueFd socket,
                                                             const UnixListenerOptions& options);

  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Non-blocking, close-on-exec; -1 after Close.
  int fd() const { return socket_.get(); }
  const std::string& path() const { return path_; }

  // Refuses connections from now on, and removes the socket file if it is still the one made here. The lock
  // is held until destruction. Idempotent.
  void Close();

 private:
  UnixListener(std::string path, UniqueFd socket) : path_(std::move(path)), socket_(std::move(socket)) {}
  absl::Status BindPath(const UnixListenerOptions& options);

  const std::string path_;
  UniqueFd socket_;
  std::optional<SocketLock> lock_;
  // The file that is ours to remove.
  bool made_file_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_UNIX_LISTENER_H_

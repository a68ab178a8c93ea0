// SocketLock: proof that we, and no other instance, own a socket path. A file beside the socket under
// flock(2), which the kernel drops when the holder dies however it dies. The file itself stays for ever:
// removing it would let two processes lock two files of one name.
#ifndef SIGNET_PLUGIN_SERVER_SOCKET_LOCK_H_
#define SIGNET_PLUGIN_SERVER_SOCKET_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace signet {

// Move-only; released on destruction. Not thread-safe; nothing waits.
class SocketLock {
 public:
  // Creates the file (0600) where it is missing. ALREADY_EXISTS: another process holds it, with the file and,
  // when the holder runs in our pid namespace, its pid in the message; PERMISSION_DENIED: the file cannot be
  // opened or belongs to somebody else; FAILED_PRECONDITION: not a regular file.
  static absl::StatusOr<SocketLock> Acquire(const std::string& path);

 private:
  explicit SocketLock(UniqueFd file) : file_(std::move(file)) {}

  UniqueFd file_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_SOCKET_LOCK_H_

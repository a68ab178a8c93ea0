// DirectoryLock: proves that the state directory is private and that no other signetd uses it.
//
// Holds flock(2) on the file `lock` in it until destroyed; the kernel drops it with the process, so a crash
// leaves nothing to clean up. Not thread-safe. Open blocks on the disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_DIRECTORY_LOCK_H_
#define SIGNET_PLUGIN_HIERARCHY_DIRECTORY_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace signet {

class DirectoryLock {
 public:
  // NOT_FOUND: no such directory; PERMISSION_DENIED: its group or others have access, it is neither root's
  // nor ours, or it cannot be written; FAILED_PRECONDITION: not a directory (a symbolic link is none), or
  // another process holds the lock (the message names the file and, when it can be read, the holder's pid).
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Acquire(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_DIRECTORY_LOCK_H_

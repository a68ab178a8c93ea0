// DurableFiles: the few file operations whose result must survive a power cut, behind an interface so that
// tests can make them fail. Used for the state directory and the keyring.
//
// Thread-safe. Every method blocks on the disk; none is called on the request path.
#ifndef SIGNET_BASE_DURABLE_FILES_H_
#define SIGNET_BASE_DURABLE_FILES_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet {

struct ReadLimits {
  // Longer files are refused before anything is read.
  size_t max_bytes = 0;
  // Refuse a file that its group or others may read or write, or that is neither root's nor ours.
  bool must_be_private = false;
};

class DurableFiles {
 public:
  virtual ~DurableFiles() = default;

  // The whole content of a regular file (symbolic links are not followed). The string may hold secrets: the
  // caller wipes it. NOT_FOUND: no such file; PERMISSION_DENIED: unreadable, or looser than `limits` allow;
  // FAILED_PRECONDITION: not a regular file; OUT_OF_RANGE: longer than max_bytes; UNAVAILABLE: input/output
  // error. Messages name the path.
  virtual absl::StatusOr<std::string> Read(const std::string& path, const ReadLimits& limits) = 0;

  // Replaces or creates `path` so that after a crash either the old or the new content is there, whole, and
  // after an OK return the new one: write to `path`.tmp, fsync, rename, fsync of the folder. Writers of one
  // path, in any process, go one after another; the last one wins. What a crash left of `path`.tmp is
  // removed. The file gets exactly `mode`; root keeps an existing file's owner and group, anyone else becomes
  // the owner. NOT_FOUND: no such folder; FAILED_PRECONDITION: `path` is there but no regular file (links
  // included); RESOURCE_EXHAUSTED: disk full or quota; PERMISSION_DENIED; UNAVAILABLE: input/output error.
  // After an error the old content is intact, but for a failed last fsync: then either is there.
  virtual absl::Status Replace(const std::string& path, absl::string_view bytes, mode_t mode) = 0;

  // Makes a folder with exactly `mode` that after an OK return is there after a crash too: its parent is
  // synced. ALREADY_EXISTS: something is there; else as Replace. After an error nothing is left of it.
  virtual absl::Status MakeFolder(const std::string& path, mode_t mode) = 0;
};

// The real file system. The reference lives as long as the process.
DurableFiles& PosixDurableFiles();

}  // namespace signet

#endif  // SIGNET_BASE_DURABLE_FILES_H_

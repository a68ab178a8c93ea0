// WatchedFile: a file that somebody else renews (a token, a certificate, a CA bundle), read again when it
// changes.
//
// Thread-safe. Read() looks at the file's attributes each time (microseconds) and reads the content only when
// they differ from the last time's. It follows symbolic links, for that is how kubelet and agents swap such
// files.
#ifndef SIGNET_KMS_CLIENT_WATCHED_FILE_H_
#define SIGNET_KMS_CLIENT_WATCHED_FILE_H_

#include <sys/stat.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "crypto/sensitive_string.h"

namespace signet::kms {

enum class FileSecrecy {
  kPublic,   // a CA bundle, a certificate: anyone may read it
  kSecret,   // a token, a key: nobody else may read it, its group may
  kMounted,  // a secret that kubelet puts into a private mount, where its own mode says nothing
};

class WatchedFile {
 public:
  // One content of the file. `generation` is 1 for the first and grows with each change.
  struct Content {
    crypto::SensitiveString bytes;
    uint64_t generation = 0;
  };

  WatchedFile(std::string path, FileSecrecy secrecy, size_t max_bytes);

  // The content now. NOT_FOUND: no such file; PERMISSION_DENIED: unreadable, writable by others, owned by
  // somebody who is neither root nor us, or readable by others where it must not be; FAILED_PRECONDITION: no
  // regular file, empty or longer than max_bytes; UNAVAILABLE: input/output error. Messages name the path.
  absl::StatusOr<std::shared_ptr<const Content>> Read();

  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const FileSecrecy secrecy_;
  const size_t max_bytes_;

  Mutex mutex_;
  struct stat seen_ ABSL_GUARDED_BY(mutex_) {};
  std::shared_ptr<const Content> content_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_WATCHED_FILE_H_

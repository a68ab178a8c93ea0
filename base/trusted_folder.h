// CheckTrustedFolder: may a socket or a key be put here without anybody else being able to swap it? Whoever
// can write to a folder on the way can replace the socket and be sent every secret that kube-apiserver
// encrypts, or replace the key that they are encrypted under.
#ifndef SIGNET_BASE_TRUSTED_FOLDER_H_
#define SIGNET_BASE_TRUSTED_FOLDER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet {

// Walks the absolute `folder` from the root, through symbolic links. Every folder and link on the way must be
// root's or ours; none may be writable by group or others, except a sticky one (as /tmp) above the last.
// NOT_FOUND: missing; PERMISSION_DENIED: unsafe or unreadable; FAILED_PRECONDITION: not a folder, or a loop
// of links. Messages name the offending path. Reads the file system. Thread-safe.
absl::Status CheckTrustedFolder(absl::string_view folder);

}  // namespace signet

#endif  // SIGNET_BASE_TRUSTED_FOLDER_H_

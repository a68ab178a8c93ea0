// UnixAddress: where a Unix socket lives, checked before the kernel sees it. Nothing blocks.
#ifndef SIGNET_PLUGIN_SERVER_UNIX_ADDRESS_H_
#define SIGNET_PLUGIN_SERVER_UNIX_ADDRESS_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet {

// sun_path holds 108 bytes, one of which ends a path or begins an abstract name.
inline constexpr size_t kMaxSocketPathBytes = 107;

struct UnixAddress {
  sockaddr_un address{};
  socklen_t size = 0;
  bool abstract = false;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// `path` is absolute, or "@name" for an abstract socket. INVALID_ARGUMENT: empty, relative, naming a folder,
// with a NUL byte or too long; FAILED_PRECONDITION: abstract without `allow_abstract`.
absl::StatusOr<UnixAddress> ParseUnixAddress(absl::string_view path, bool allow_abstract);

// The folder a path address lies in: "/" for "/kms.sock".
std::string FolderOf(absl::string_view path);

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_UNIX_ADDRESS_H_

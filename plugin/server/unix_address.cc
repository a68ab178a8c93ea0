#include "plugin/server/unix_address.h"

#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signet {

absl::StatusOr<UnixAddress> ParseUnixAddress(absl::string_view path, bool allow_abstract) {
  const bool abstract = absl::StartsWith(path, "@");
  if (path.empty() || path == "@") return absl::InvalidArgumentError("socket path is empty");
  if (absl::StrContains(path, '\0')) return absl::InvalidArgumentError("socket path contains a NUL byte");
  // For an abstract name the "@" stands for the leading NUL byte, which is the one byte not counted.
  const size_t bytes = abstract ? path.size() - 1 : path.size();
  if (bytes > kMaxSocketPathBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "socket path is ", bytes, " bytes long; the kernel allows ", kMaxSocketPathBytes, ": ", path));
  }
  if (abstract && !allow_abstract) {
    return absl::FailedPreconditionError(
        absl::StrCat("abstract socket ", path,
                     " needs allow_abstract: true (anyone in the network namespace could bind it first)"));
  }
  if (!abstract) {
    if (path.front() != '/') {
      return absl::InvalidArgumentError(absl::StrCat("socket path is not absolute: ", path));
    }
    if (path.back() == '/' || absl::EndsWith(path, "/.") || absl::EndsWith(path, "/..")) {
      return absl::InvalidArgumentError(absl::StrCat("socket path names a folder: ", path));
    }
  }

  UnixAddress result;
  result.abstract = abstract;
  result.address.sun_family = AF_UNIX;
  std::memcpy(result.address.sun_path, path.data(), path.size());
  if (abstract) result.address.sun_path[0] = '\0';
  // An abstract name is as long as the address says; a path is counted with its final NUL.
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  return result;
}

std::string FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace signet

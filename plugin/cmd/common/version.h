// What is this program: version, commit and the libraries it runs on. For `--version`, for the start line of
// the log and for GetState. Thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_CMD_COMMON_VERSION_H_
#define SIGNET_PLUGIN_CMD_COMMON_VERSION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet {

struct LibraryVersion {
  absl::string_view name;
  std::string version;
};

// Of the release, such as "0.1.0".
absl::string_view SignetVersion();

// The 40 hex digits of the commit that was built, "-dirty" behind them when the sources differed from it, or
// "unknown" for a build outside a git checkout.
absl::string_view SignetCommit();

// gRPC, protobuf, OpenSSL, Abseil, yaml-cpp: as loaded where the library tells, else as built against.
std::vector<LibraryVersion> LibraryVersions();

// What `--version` prints: "signetd 0.1.0", the commit and one line per library; no newline at the end.
std::string VersionText(absl::string_view program);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_VERSION_H_

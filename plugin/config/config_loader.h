// The strict reader of signetd's configuration. All problems are told at once, as lines
// "file:line:column: field: what is wrong and what would be right" in the status message: print it as it is.
// Thread-safe (no shared state).
#ifndef SIGNET_PLUGIN_CONFIG_CONFIG_LOADER_H_
#define SIGNET_PLUGIN_CONFIG_CONFIG_LOADER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugin/config/config.h"

namespace signet {

// Reads a regular file of at most 64 KiB (links are followed) and checks it as LoadConfigText does. Blocks on
// the disk. NOT_FOUND; PERMISSION_DENIED: unreadable, or writable by everybody; INVALID_ARGUMENT: no regular
// file, too long, or the problems, one per line; UNAVAILABLE: input/output error.
absl::StatusOr<Config> LoadConfigFile(const std::string& path);

// `name` stands for the file in messages. INVALID_ARGUMENT: the problems, one per line. Nothing outside the
// text is looked at: whether paths exist and users are known is found out at start.
absl::StatusOr<Config> LoadConfigText(absl::string_view name, absl::string_view text);

// Every setting there is, sorted, as a path: "cluster_id", "kms_socket.mode", "providers[].local.keyring".
std::vector<std::string> KnownConfigFields();

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_CONFIG_LOADER_H_

// The two sockets of signetd, from configuration or from systemd.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_SOCKETS_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_SOCKETS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "plugin/config/config.h"
#include "plugin/server/systemd.h"
#include "plugin/server/unix_listener.h"

namespace signet {

struct Sockets {
  std::unique_ptr<UnixListener> kms;
  std::unique_ptr<UnixListener> admin;
};

// A socket that systemd passed is used as it is, the others are made. Errors as UnixListener's, and
// NOT_FOUND: no such user or group. Blocks on the file system and, for names, on the user database.
absl::StatusOr<Sockets> OpenSockets(const Config& config, InheritedSockets inherited);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_SOCKETS_H_

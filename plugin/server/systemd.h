// What systemd hands us and wants to hear: inherited sockets and readiness. Without systemd nothing happens.
// Not thread-safe: called from main before threads start, and from the signal loop.
#ifndef SIGNET_PLUGIN_SERVER_SYSTEMD_H_
#define SIGNET_PLUGIN_SERVER_SYSTEMD_H_

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace signet {

// The sockets of a .socket unit, told apart by FileDescriptorName=.
struct InheritedSockets {
  UniqueFd kms;    // "kms"
  UniqueFd admin;  // "admin"
};

// Reads and clears LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. INVALID_ARGUMENT: a socket with another name,
// or two with the same.
absl::StatusOr<InheritedSockets> TakeInheritedSockets();

// Tell systemd that the sockets listen, and that the process drains. Ignored without NOTIFY_SOCKET.
void NotifyReady();
void NotifyStopping();

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_SYSTEMD_H_

// Where the daemon is: the socket an option names, else the one in the configuration file. Blocks on reading
// that file.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_SOCKETS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_SOCKETS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plugin/cmd/signetctl/command.h"

namespace signet::ctl {

// A path, or "@name" for an abstract socket. The option may also be an endpoint as kube-apiserver is given
// it, unix:///path or unix:///@name. Errors as LoadConfigFile; INVALID_ARGUMENT: not a socket's name.
absl::StatusOr<std::string> FindKmsSocket(const GlobalOptions& globals);
absl::StatusOr<std::string> FindAdminSocket(const GlobalOptions& globals);

// "unix:///path" or "unix:///@name": the endpoint for kube-apiserver's EncryptionConfiguration.
std::string KmsEndpoint(absl::string_view socket);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_SOCKETS_H_

// Where systemd puts a service's credentials (LoadCredential=). The one place that reads
// $CREDENTIALS_DIRECTORY. Thread-safe as long as nobody changes the environment; nothing blocks.
#ifndef SIGNET_PLUGIN_CMD_COMMON_CREDENTIALS_DIRECTORY_H_
#define SIGNET_PLUGIN_CMD_COMMON_CREDENTIALS_DIRECTORY_H_

#include <string>

#include "absl/status/statusor.h"

namespace signet {

// Empty: systemd passed none.
std::string CredentialsDirectory();

// `file` where `credential` is empty, else the file of this credential. FAILED_PRECONDITION: systemd passed
// no credentials.
absl::StatusOr<std::string> SecretPath(const std::string& file, const std::string& credential);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_CREDENTIALS_DIRECTORY_H_

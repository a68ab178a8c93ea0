// Where systemd puts a service's credentials (LoadCredential=). The one place that reads
// $CREDENTIALS_DIRECTORY. Thread-safe as long as nobody changes the environment; nothing blocks.
#ifndef SIGNET_PLUGIN_CMD_COMMON_CREDENTIALS_DIRECTORY_H_
#define SIGNET_PLUGIN_CMD_COMMON_CREDENTIALS_DIRECTORY_H_

#include <string>

namespace signet {

// Empty: systemd passed none.
std::string CredentialsDirectory();

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_CREDENTIALS_DIRECTORY_H_

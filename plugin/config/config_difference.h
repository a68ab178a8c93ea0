// What a changed configuration file changes: setting by setting, and which of them a running signetd takes
// up. Pure and thread-safe.
//
// Live are the settings that stand in no relation to any other and that every part can change without
// failing: log.level, log.format, kms_socket.allowed_uids, admin_socket.allowed_uids, max_plaintext_bytes and
// shutdown_grace. All others need a restart: what they name is opened, promised (status_version) or counted
// from at start.
#ifndef SIGNET_PLUGIN_CONFIG_CONFIG_DIFFERENCE_H_
#define SIGNET_PLUGIN_CONFIG_CONFIG_DIFFERENCE_H_

#include <string>
#include <vector>

#include "plugin/config/config.h"

namespace signet {

// Values as in the file, near enough to be recognized; empty: not set. Never a secret: there is none in a
// Config.
struct ConfigChange {
  std::string field;  // "log.level", "providers[primary].local.keyring"
  std::string old_value;
  std::string new_value;
};

struct ConfigDifference {
  std::vector<ConfigChange> live;
  std::vector<ConfigChange> needs_restart;
};

// In the order of the documented file. Providers are told apart by their names.
ConfigDifference CompareConfigs(const Config& running, const Config& file);

// `running` with the live settings of `file`.
Config WithLiveSettings(Config running, const Config& file);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_CONFIG_DIFFERENCE_H_

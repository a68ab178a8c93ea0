// The --timeout option of the verbs that ask the daemon.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_TIMEOUT_OPTION_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_TIMEOUT_OPTION_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/time.h"

namespace signet::ctl {

// 10ms to 5m, as in the configuration ("3s").
struct TimeoutOption {
  std::string text = "3s";
  absl::Duration value() const;
};

// `timeout` outlives the command.
void AddTimeoutOption(CLI::App& command, TimeoutOption& timeout);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_TIMEOUT_OPTION_H_

// The --timeout option of the verbs that ask the daemon, and others that are durations.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_TIMEOUT_OPTION_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_TIMEOUT_OPTION_H_

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace signet::ctl {

// 10ms to 5m, as in the configuration ("3s").
struct TimeoutOption {
  std::string text = "3s";
  absl::Duration value() const;
};

// For each answer. `timeout` outlives the command.
void AddTimeoutOption(CLI::App& command, TimeoutOption& timeout);

// For the verbs that wait for something to happen: 10ms to 24h, for the whole.
struct PatienceOption {
  explicit PatienceOption(std::string by_default) : text(std::move(by_default)) {}
  std::string text;
  absl::Duration value() const;
};

// `patience` outlives the command; `description` begins with "How long".
void AddPatienceOption(CLI::App& command, PatienceOption& patience, const std::string& description);

// One that need not be given: 10ms to 24h.
struct DurationOption {
  std::string text;
  bool given() const { return !text.empty(); }
  // Zero when it is not given.
  absl::Duration value() const;
};

// `duration` outlives the command.
CLI::Option* AddDurationOption(CLI::App& command, const std::string& name, DurationOption& duration,
                               const std::string& description);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_TIMEOUT_OPTION_H_

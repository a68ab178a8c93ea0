// The verbs of signetctl, one source file each. Each adds itself as a subcommand of `app`; `context` outlives
// the app.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_COMMANDS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "plugin/cmd/signetctl/command.h"

namespace signet::ctl {

void AddEncryptionConfigCommand(CLI::App& app, CommandContext& context);
void AddExplainCommand(CLI::App& app, CommandContext& context);
void AddHealthCommand(CLI::App& app, CommandContext& context);
void AddInitCommand(CLI::App& app, CommandContext& context);
void AddKeyringCommand(CLI::App& app, CommandContext& context);
void AddSelfTestCommand(CLI::App& app, CommandContext& context);
void AddStatusCommand(CLI::App& app, CommandContext& context);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_COMMANDS_H_

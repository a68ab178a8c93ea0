// The verbs of signetctl, a source file each but for the smallest. Each adds itself as a subcommand of `app`;
// `context` outlives the app.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_COMMANDS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "plugin/cmd/signetctl/command.h"

namespace signet::ctl {

void AddAcceptKeyIdCommand(CLI::App& app, CommandContext& context);
void AddEncryptionConfigCommand(CLI::App& app, CommandContext& context);
void AddExplainCommand(CLI::App& app, CommandContext& context);
void AddHealthCommand(CLI::App& app, CommandContext& context);
void AddInitCommand(CLI::App& app, CommandContext& context);
void AddKeyringCommand(CLI::App& app, CommandContext& context);
void AddKeysCommand(CLI::App& app, CommandContext& context);
void AddKmsCommand(CLI::App& app, CommandContext& context);
void AddPolicyCommand(CLI::App& app, CommandContext& context);
void AddPurgeCommand(CLI::App& app, CommandContext& context);
void AddRefreshCommand(CLI::App& app, CommandContext& context);
void AddReloadCommand(CLI::App& app, CommandContext& context);
void AddRotateCommand(CLI::App& app, CommandContext& context);
void AddSelfTestCommand(CLI::App& app, CommandContext& context);
void AddStatusCommand(CLI::App& app, CommandContext& context);
void AddWaitCommand(CLI::App& app, CommandContext& context);
void AddWatchCommand(CLI::App& app, CommandContext& context);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_COMMANDS_H_

// The verbs of `signetctl keyring`, a group per source file. Each adds itself as a subcommand of `keyring`;
// `context` and `options` outlive the app.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_KEYRING_VERBS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_KEYRING_VERBS_H_

#include <CLI/CLI.hpp>
#include <memory>

#include "plugin/cmd/signetctl/command.h"
#include "plugin/cmd/signetctl/keyring_location.h"

namespace signet::ctl {

using SharedKeyringOptions = std::shared_ptr<const KeyringOptions>;

// init, add, activate, disable, enable
void AddKeyringChangeVerbs(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& options);
// destroy
void AddKeyringDestroyVerb(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& options);
// list, verify
void AddKeyringShowVerbs(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& options);
// export, import
void AddKeyringCopyVerbs(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& options);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_KEYRING_VERBS_H_

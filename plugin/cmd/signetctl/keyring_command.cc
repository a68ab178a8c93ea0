// signetctl keyring: the keys of the `local` provider.
#include <memory>

#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/keyring_verbs.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Manage the keyring of the local provider: versions, hand-over to other nodes, destruction.\n"
    "Run it as the user that signetd runs as. A running signetd reads a changed keyring by itself: what was\n"
    "added or imported decrypts at once, what was disabled or destroyed stops at once; a newly active\n"
    "version is announced at its next start.\n"
    "\n"
    "Rotation on one node:     keyring add --activate\n"
    "Rotation on several:      1. on one node: keyring add --activate --at TIME (far enough ahead for 2.)\n"
    "                          2. keyring export there, keyring import on every other node, before TIME\n"
    "                          3. at TIME all nodes switch to the new version together\n"
    "Then rewrite what is stored, and when nothing needs an old version any more: keyring destroy";

}  // namespace

void AddKeyringCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<KeyringOptions>();
  CLI::App* const keyring = app.add_subcommand("keyring", kDescription);
  keyring->require_subcommand(1);
  keyring->add_option("--keyring", options->keyring, "The keyring file, instead of --config's")
      ->type_name("FILE");
  keyring
      ->add_option("--passphrase-file", options->passphrase_file,
                   "Unseals the keyring; without it --config's is used, and with --keyring none")
      ->type_name("FILE");
  keyring
      ->add_option("--provider", options->provider,
                   "Which local provider of --config; the active one if not given")
      ->type_name("NAME");
  AddKeyringChangeVerbs(*keyring, context, options);
  AddKeyringDestroyVerb(*keyring, context, options);
  AddKeyringShowVerbs(*keyring, context, options);
  AddKeyringCopyVerbs(*keyring, context, options);
}

}  // namespace signet::ctl

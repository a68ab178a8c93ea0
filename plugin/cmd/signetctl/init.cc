// signetctl init: a folder from which signetd just runs.
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/new_installation.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Make a folder from which signetd just runs: configuration, keyring and state directory.\n"
    "Writes DIR (0700) with signetd.yaml, keyring (0600) and state/ (0700); the sockets will be "
    "DIR/kms.sock\n"
    "and DIR/admin.sock. Never overwrites anything; after an error nothing is left behind.\n"
    "Run it as the user that signetd runs as.\n"
    "\n"
    "More control-plane nodes: run it there with the first node's --cluster-id and --no-keyring, then bring\n"
    "the first node's keyring with signetctl keyring export and import, before signetd starts.\n"
    "\n"
    "  signetctl init --dir /etc/signet\n"
    "  signetd --config /etc/signet/signetd.yaml";

void Print(const Installation& made, bool sealed, std::ostream& out) {
  const bool with_keyring = !made.key_fingerprint.empty();
  out << "cluster_id  " << made.cluster_id
      << "\n            Keep it with the etcd backup: LOSING IT LOSES THE DATA.\nkeyring     "
      << made.keyring;
  if (with_keyring) {
    out << " (key " << made.key_fingerprint << (sealed ? ", sealed)" : ")")
        << "\n            Keep a copy apart from the etcd backup (signetctl keyring export): losing it loses "
           "the "
           "data.\n";
  } else {
    out << ", not made\n";
  }
  out << "config      " << made.config_file << "\nstate       " << made.state_directory << "\n\nNext:\n";
  if (!with_keyring) out << "  signetctl keyring import COPY --config " << made.config_file << '\n';
  out << "  signetd --config " << made.config_file << "\n  signetctl selftest --config " << made.config_file
      << "\n  signetctl encryption-config --config " << made.config_file << '\n';
}

nlohmann::ordered_json ToJson(const Installation& made) {
  nlohmann::ordered_json json;
  json["cluster_id"] = made.cluster_id;
  json["config_file"] = made.config_file;
  json["keyring"] = made.keyring;
  if (!made.key_fingerprint.empty()) json["key_fingerprint"] = made.key_fingerprint;
  json["state_directory"] = made.state_directory;
  json["kms_socket"] = made.kms_socket;
  json["admin_socket"] = made.admin_socket;
  return json;
}

int Run(const CommandContext& context, const InstallationOptions& options) {
  const absl::StatusOr<Installation> made =
      CreateInstallation(options, SystemClock(), crypto::SystemRandom(), PosixDurableFiles());
  if (!made.ok()) return Fail(context, made.status());
  if (context.globals.json()) {
    PrintJson(ToJson(*made), context.streams.out);
  } else {
    Print(*made, !options.passphrase_file.empty(), context.streams.out);
  }
  return kExitDone;
}

}  // namespace

void AddInitCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<InstallationOptions>();
  CLI::App* command = app.add_subcommand("init", kDescription);
  command->add_option("--dir", options->folder, "The folder to make; its parent must exist")
      ->type_name("DIR")
      ->required();
  CLI::Option* const cluster_id =
      command
          ->add_option("--cluster-id", options->cluster_id,
                       "1 to 64 of [A-Za-z0-9._-], the same on every node; a random one if not given")
          ->type_name("ID");
  command
      ->add_option("--passphrase-file", options->passphrase_file,
                   "Seal the keyring under the passphrase in this file (0600, 8 to 1024 bytes)")
      ->type_name("FILE");
  command
      ->add_flag("!--no-keyring", options->with_keyring,
                 "Make no keyring: it will be imported from another node of the cluster")
      ->needs(cluster_id);
  command->footer(
      HelpFooter("0 done, 2 bad arguments or something exists already, 3 the folder cannot be written"));
  command->callback(
      [&context, options] { context.action = [&context, options] { return Run(context, *options); }; });
}

}  // namespace signet::ctl

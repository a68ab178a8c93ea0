// signetctl keyring destroy.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/confirm.h"
#include "plugin/cmd/signetctl/keyring_verbs.h"

namespace signet::ctl {
namespace {

struct DestroyOptions {
  uint32_t number = 0;
  bool yes = false;
};

void Warn(const kms::Keyring& keyring, const kms::KeyringVersion& version, std::ostream& err) {
  err << "Version " << version.number << " of keyring " << FingerprintText(keyring) << " (created "
      << TimeText(version.created) << ", check value " << CheckValueText(keyring, version)
      << ") will be destroyed. What becomes unreadable on this node, for good:\n"
      << "  every object in etcd, and in every backup of it, whose key_id begins with local-v"
      << version.number
      << "-\n  and that is wrapped by no other provider (signetctl explain tells of a stored value).\n"
      << "Copies on other nodes, exported files and backups of the keyring still hold the key.\n";
}

absl::Status Destroy(const CommandContext& context, const KeyringOptions& keyring_options,
                     const DestroyOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  SIGNET_ASSIGN_OR_RETURN(kms::Keyring keyring, file.Load());
  const kms::KeyringVersion* const version = keyring.Find(options.number);
  const bool already = version != nullptr && version->state == kms::KeyringVersionState::kDestroyed;
  if (version != nullptr && !already) Warn(keyring, *version, context.streams.err);
  // On the copy first, so that nobody is asked about what is refused anyway.
  SIGNET_RETURN_IF_ERROR(keyring.Destroy(options.number, SystemClock().Wall()));
  if (!already) {
    if (!options.yes) {
      SIGNET_RETURN_IF_ERROR(
          Confirm(context.streams, "Repeat the number to destroy it:", absl::StrCat(options.number)));
    }
    // Not under the writers' lock while somebody thinks; the rules are checked again here.
    SIGNET_RETURN_IF_ERROR(
        file.Update([&options](kms::Keyring& k) { return k.Destroy(options.number, SystemClock().Wall()); }));
  }
  if (context.globals.json()) {
    PrintJson(nlohmann::ordered_json{{"version", options.number}, {"state", "destroyed"}},
              context.streams.out);
  } else {
    context.streams.out << "version " << options.number << " is destroyed\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddKeyringDestroyVerb(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& shared) {
  auto options = std::make_shared<DestroyOptions>();
  CLI::App* const verb = keyring.add_subcommand("destroy",
                                                "Forget a version's key for good; refuses the active "
                                                "version\nSays what becomes unreadable and asks for "
                                                "the number. Rewrite what is stored first.");
  verb->add_option("version", options->number, "The version's number")->type_name("N")->required();
  verb->add_flag("--yes", options->yes, "Do not ask");
  verb->footer(HelpFooter(
      "0 done, 1 the keyring is damaged, 2 refused, not confirmed or bad arguments, 3 a file cannot be "
      "reached"));
  verb->callback([&context, shared, options] {
    context.action = [&context, shared, options] {
      const absl::Status status = Destroy(context, *shared, *options);
      return status.ok() ? kExitDone : Fail(context, status);
    };
  });
}

}  // namespace signet::ctl

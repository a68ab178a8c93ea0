// signetctl purge and accept-key-id: operations that are one call and that ask first.
#include <memory>
#include <string>

#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/confirm.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kPurgeDescription[] =
    "Drop every local KEK from signetd's memory; asks first\n"
    "Nothing is lost: they are unwrapped again when needed. Until the KMS has answered Encrypt fails, and "
    "Decrypt\n"
    "of anything. To force new seeds as well, raise key_id_generation on every node.";

constexpr char kPurgeWarning[] =
    "Every local KEK will be dropped from signetd's memory. Until the KMS answers again nothing can be "
    "encrypted\n"
    "or decrypted on this node; if it is not reachable now, that lasts. (signetctl status shows it.)\n";

constexpr char kAcceptDescription[] =
    "End a rollback: go on with the older version that the KMS names; asks first\n"
    "The version is announced under the next generation, since a key_id never comes back: set the\n"
    "key_id_generation that the answer names on every node.";

constexpr char kAcceptWarning[] =
    "signetd will encrypt under a version that was superseded. Data written under the newer one stays "
    "readable only\nas long as the KMS keeps that. Was the KMS restored from a backup? Then do this on every "
    "node.\n";

// `call` asks the daemon.
template <typename Call>
int Run(const CommandContext& context, const char* headline, Call call) {
  absl::StatusOr<AdminConnection> connection = OpenAdmin(context);
  if (!connection.ok()) return Fail(context, connection.status());
  const AdminConnection::OperationAnswer answer = call(*connection);
  if (!answer.ok()) return FailOperation(context, answer.status());
  PrintOperation(context, headline, *answer);
  return kExitDone;
}

// Asks before `action` unless `yes`.
template <typename Action>
int Confirmed(const CommandContext& context, bool yes, const char* warning, Action action) {
  if (!yes) {
    context.streams.err << warning;
    const absl::Status confirmed = Confirm(context.streams, "Type yes to go on:", "yes");
    if (!confirmed.ok()) return Fail(context, confirmed);
  }
  return action();
}

struct Options {
  TimeoutOption timeout{"30s"};
  bool yes = false;
  std::string key_id;
};

}  // namespace

void AddPurgeCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("purge", kPurgeDescription);
  AddTimeoutOption(*command, options->timeout);
  command->add_flag("--yes", options->yes, "Do not ask; needed where there is no terminal");
  command->footer(HelpFooter(kOperationExitCodes));
  command->callback([&context, options] {
    context.action = [&context, options] {
      return Confirmed(context, options->yes, kPurgeWarning, [&context, options] {
        return Run(context, "purged",
                   [options](AdminConnection& admin) { return admin.PurgeKeys(options->timeout.value()); });
      });
    };
  });
}

void AddAcceptKeyIdCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("accept-key-id", kAcceptDescription);
  command->add_option("key_id", options->key_id, "The superseded key_id that signetctl status names")
      ->type_name("KEY_ID")
      ->required();
  AddTimeoutOption(*command, options->timeout);
  command->add_flag("--yes", options->yes, "Do not ask; needed where there is no terminal");
  command->footer(HelpFooter(kOperationExitCodes));
  command->callback([&context, options] {
    context.action = [&context, options] {
      return Confirmed(context, options->yes, kAcceptWarning, [&context, options] {
        return Run(context, "accepted", [options](AdminConnection& admin) {
          return admin.AcceptKeyId(options->key_id, options->timeout.value());
        });
      });
    };
  });
}

}  // namespace signet::ctl

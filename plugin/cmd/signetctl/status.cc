// signetctl status: everything signetd knows about itself.
#include <memory>

#include "base/clock.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/status_print.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Show on one screen whether signetd can encrypt and decrypt, under which key, what is wrong and what to "
    "do.\n"
    "Asks the admin socket, which answers from memory: no call to the KMS.\n"
    "\n"
    "The key_id hash is the one in kube-apiserver's metrics apiserver_envelope_encryption_key_id_hash_*.";

int Run(const CommandContext& context, absl::Duration timeout) {
  absl::StatusOr<AdminConnection> connection = OpenAdmin(context);
  if (!connection.ok()) return Fail(context, connection.status());
  const absl::StatusOr<admin::v1::GetStateResponse> state = connection->GetState(timeout);
  if (!state.ok()) return Fail(context, state.status());
  const absl::Time now = SystemClock().Wall();
  if (context.globals.json()) {
    PrintJson(StateToJson(*state, now), context.streams.out);
  } else {
    PrintState(*state, now, context.streams.out);
  }
  return state->can_encrypt() ? kExitDone : kExitNo;
}

}  // namespace

void AddStatusCommand(CLI::App& app, CommandContext& context) {
  auto timeout = std::make_shared<TimeoutOption>();
  CLI::App* command = app.add_subcommand("status", kDescription);
  AddTimeoutOption(*command, *timeout);
  command->footer(
      HelpFooter("0 it can encrypt, 1 it cannot, 2 bad arguments or configuration, 3 not reached"));
  command->callback([&context, timeout] {
    context.action = [&context, timeout] { return Run(context, timeout->value()); };
  });
}

}  // namespace signet::ctl

// signetctl watch.
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/event_print.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Show what happens to the keys, as it happens, until it is interrupted\n"
    "Activations, new and rolled back versions, providers that fail and recover, stopped writes, "
    "operations.\n"
    "With -o json one object per line.";

struct Options {
  bool recent = false;
  PatienceOption patience{"24h"};
};

int Run(const CommandContext& context, const Options& options) {
  absl::StatusOr<AdminConnection> connection = OpenAdmin(context);
  if (!connection.ok()) return Fail(context, connection.status());
  const std::unique_ptr<EventReader> events = connection->WatchEvents(options.recent);
  const MonotonicTime until = SystemClock().Monotonic() + options.patience.value();
  while (SystemClock().Monotonic() < until) {
    const auto answer = events->Next(until - SystemClock().Monotonic());
    if (!answer.ok()) {
      // The stream has no end of its own: whoever watched does not any more.
      Fail(context, answer.status());
      return kExitUnreachable;
    }
    if (answer->has_value()) PrintEvents(**answer, context.globals.output, context.streams.out);
    if (!context.streams.out.good()) return kExitUnreachable;
  }
  return kExitDone;
}

}  // namespace

void AddWatchCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("watch", kDescription);
  command->add_flag("--recent", options->recent, "Begin with the last 64 events");
  AddPatienceOption(*command, options->patience, "How long to watch");
  command->footer(HelpFooter(
      "0 watched for the whole time, 2 bad arguments or configuration, 3 not reached, not permitted, or "
      "signetd\nstopped"));
  command->callback(
      [&context, options] { context.action = [&context, options] { return Run(context, *options); }; });
}

}  // namespace signet::ctl

// signetctl wait.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/sockets.h"
#include "plugin/cmd/signetctl/state_wait.h"
#include "plugin/cmd/signetctl/status_print.h"
#include "plugin/cmd/signetctl/timeout_option.h"
#include "plugin/cmd/signetctl/wait_condition.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Wait until signetd can encrypt, or does so under a key_id; also for a signetd that is not running yet\n"
    "Prints what status prints, once it is so.";

constexpr absl::Duration kTryAgain = absl::Milliseconds(100);

struct Options {
  std::string condition;
  PatienceOption patience{"5m"};
};

// What one connection came to. Nothing: not in time; `last` is what the state was then.
absl::StatusOr<std::optional<admin::v1::GetStateResponse>> Attempt(const std::string& socket,
                                                                   const WaitCondition& condition,
                                                                   MonotonicTime until,
                                                                   admin::v1::GetStateResponse& last) {
  SIGNET_ASSIGN_OR_RETURN(AdminConnection connection, AdminConnection::Open(socket));
  const std::unique_ptr<EventReader> events = connection.WatchEvents(/*recent=*/false);
  StateWait wait;
  wait.until = until;
  wait.reached = [&](const admin::v1::GetStateResponse& state) {
    last = state;
    return condition.Holds(state);
  };
  wait.on_events = [](const admin::v1::WatchEventsResponse&) { return absl::OkStatus(); };
  return WaitForState(connection, *events, wait);
}

// A daemon that starts, restarts or has all its seats taken may be there a moment later.
bool MayPass(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kNotFound ||
         status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

void Pause(absl::Duration duration) {
  Mutex mutex;
  CondVar nobody;
  const MonotonicTime end = SystemClock().Monotonic() + duration;
  MutexLock lock(mutex);
  while (SystemClock().Monotonic() < end) SystemClock().WaitUntil(mutex, nobody, end);
}

int Run(const CommandContext& context, const Options& options) {
  const absl::StatusOr<WaitCondition> condition = WaitCondition::Parse(options.condition);
  if (!condition.ok()) return Fail(context, condition.status());
  const absl::StatusOr<std::string> socket = FindAdminSocket(context.globals);
  if (!socket.ok()) return Fail(context, socket.status());
  const MonotonicTime until = SystemClock().Monotonic() + options.patience.value();
  while (true) {
    admin::v1::GetStateResponse last;
    const auto state = Attempt(*socket, *condition, until, last);
    if (state.ok() && state->has_value()) {
      if (context.globals.json()) {
        PrintJson(StateToJson(**state, SystemClock().Wall()), context.streams.out);
      } else {
        PrintState(**state, SystemClock().Wall(), context.streams.out);
      }
      return kExitDone;
    }
    if (state.ok()) {
      Fail(context, absl::DeadlineExceededError(
                        absl::StrCat("not within ", options.patience.text, ": ", condition->WhyNot(last))));
      return kExitNo;
    }
    if (!MayPass(state.status()) || SystemClock().Monotonic() + kTryAgain >= until) {
      return FailOperation(context, state.status());
    }
    Pause(kTryAgain);
  }
}

}  // namespace

void AddWaitCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("wait", kDescription);
  command
      ->add_option("--for", options->condition,
                   "ready, key-id=KEY_ID, or key-id-hash=sha256:HEX as kube-apiserver's metrics show it")
      ->type_name("CONDITION")
      ->required();
  AddPatienceOption(*command, options->patience, "How long to wait, such as 90s or 10m");
  command->footer(HelpFooter("0 it is so, 1 not in time, 2 bad arguments or configuration, 3 not reached"));
  command->callback(
      [&context, options] { context.action = [&context, options] { return Run(context, *options); }; });
}

}  // namespace signet::ctl

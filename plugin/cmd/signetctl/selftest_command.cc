// signetctl selftest: a round trip over the KMS socket.
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/selftest.h"
#include "plugin/cmd/signetctl/sockets.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Encrypt and decrypt 32 random bytes over the KMS socket as kube-apiserver would, with all its checks.\n"
    "Status, Encrypt (same key_id, sizes, annotation names), Decrypt (the same bytes), and three changed\n"
    "requests that must be refused: signetd logs them as such. Stores nothing. Prints what every object "
    "will\n"
    "store beside its data.";

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.2f ms", absl::ToDoubleMilliseconds(duration));
}

void PrintReport(const SelfTestReport& report, std::ostream& out) {
  Table table;
  for (const SelfTestStep& step : report.steps) {
    table.AddRow({step.passed ? "ok" : "FAILED", step.name, Milliseconds(step.took), step.detail});
  }
  table.Print(out);
  if (!report.reached.ok()) return;
  out << (report.passed() ? "self-test passed" : "SELF-TEST FAILED");
  if (report.bytes_per_object > 0) out << "; " << report.bytes_per_object << " bytes per object";
  out << '\n';
}

nlohmann::ordered_json ToJson(const SelfTestReport& report) {
  nlohmann::ordered_json json;
  json["passed"] = report.passed();
  json["key_id"] = SafeText(report.key_id);
  json["bytes_per_object"] = report.bytes_per_object;
  json["steps"] = nlohmann::ordered_json::array();
  for (const SelfTestStep& step : report.steps) {
    json["steps"].push_back({{"name", step.name},
                             {"passed", step.passed},
                             {"detail", step.detail},
                             {"milliseconds", absl::ToDoubleMilliseconds(step.took)}});
  }
  return json;
}

int Run(const CommandContext& context, absl::Duration timeout) {
  const absl::StatusOr<std::string> socket = FindKmsSocket(context.globals);
  if (!socket.ok()) return Fail(context, socket.status());
  absl::StatusOr<KmsConnection> connection = KmsConnection::Open(*socket);
  if (!connection.ok()) return Fail(context, connection.status());
  const SelfTestReport report = RunSelfTest(*connection, timeout, SystemClock(), crypto::SystemRandom());
  if (context.globals.json()) {
    PrintJson(ToJson(report), context.streams.out);
  } else {
    PrintReport(report, context.streams.out);
  }
  if (!report.reached.ok()) return Fail(context, report.reached);
  return report.passed() ? kExitDone : kExitNo;
}

}  // namespace

void AddSelfTestCommand(CLI::App& app, CommandContext& context) {
  auto timeout = std::make_shared<TimeoutOption>();
  CLI::App* command = app.add_subcommand("selftest", kDescription);
  AddTimeoutOption(*command, *timeout);
  command->footer(
      HelpFooter("0 passed, 1 failed, 2 bad arguments or configuration, 3 the daemon cannot be reached"));
  command->callback([&context, timeout] {
    context.action = [&context, timeout] { return Run(context, timeout->value()); };
  });
}

}  // namespace signet::ctl

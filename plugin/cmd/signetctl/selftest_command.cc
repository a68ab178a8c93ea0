// signetctl selftest: a round trip over the KMS socket.
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/call_loop.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/selftest.h"
#include "plugin/cmd/signetctl/selftest_sample.h"
#include "plugin/cmd/signetctl/sockets.h"
#include "plugin/cmd/signetctl/stop_signals.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Encrypt and decrypt 32 random bytes over the KMS socket as kube-apiserver would, with all its checks.\n"
    "Status, Encrypt (same key_id, sizes, annotation names), Decrypt (the same bytes), and three changed\n"
    "requests that must be refused: signetd logs them as such. Stores nothing. Prints what every object "
    "will\n"
    "store beside its data. With --keep FILE what was encrypted is kept; --check FILE proves later, after a\n"
    "rotation or an upgrade, that it is still readable. With --for this only encrypts and decrypts, again "
    "and\n"
    "again, and counts: what a rotation beside it does to callers.";

struct Options {
  TimeoutOption timeout;
  DurationOption loop;
  std::string keep;
  std::string check;
};

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

// --check: nothing but the one Decrypt, so that it also works while Encrypt does not.
int CheckKept(const CommandContext& context, KmsConnection& connection, const Options& options) {
  const absl::StatusOr<std::string> sample =
      PosixDurableFiles().Read(options.check, {kMaxSampleBytes, /*must_be_private=*/false});
  if (!sample.ok()) return Fail(context, sample.status());
  const absl::StatusOr<std::string> key_id = CheckSample(*sample, connection, options.timeout.value());
  // No sample, or nobody there: that says nothing about the data.
  if (!key_id.ok() && !absl::IsDataLoss(key_id.status()) && !AnsweredByDaemon(key_id.status())) {
    return Fail(context, key_id.status());
  }
  if (context.globals.json()) {
    nlohmann::ordered_json json;
    json["readable"] = key_id.ok();
    json["key_id"] = key_id.ok() ? SafeText(*key_id) : "";
    json["problem"] = key_id.ok() ? "" : std::string(key_id.status().message());
    PrintJson(json, context.streams.out);
  } else if (key_id.ok()) {
    context.streams.out << "still readable: encrypted under key_id " << SafeText(*key_id) << '\n';
  } else {
    context.streams.out << "NOT READABLE: " << key_id.status().message() << '\n';
  }
  return key_id.ok() ? kExitDone : kExitNo;
}

// --for: passed when there were calls and none failed.
int Loop(const CommandContext& context, const std::string& socket, const Options& options) {
  StopSignals signals;
  absl::StatusOr<KmsConnection> connection = KmsConnection::Open(socket);
  if (!connection.ok()) return Fail(context, connection.status());
  const Clock& clock = SystemClock();
  const MonotonicTime end = clock.Monotonic() + options.loop.value();
  const CallLoopReport report = RunCallLoop(
      *connection, options.timeout.value(), crypto::SystemRandom(),
      [&](absl::Duration patience) { return clock.Monotonic() >= end || signals.Arrived(patience); });
  if (context.globals.json()) {
    nlohmann::ordered_json json;
    json["passed"] = report.passed();
    json["encrypts"] = report.encrypts;
    json["decrypts"] = report.decrypts;
    json["failures"] = report.failures;
    json["first_failure"] = report.first_failure;
    json["key_ids"] = nlohmann::ordered_json::array();
    for (const std::string& key_id : report.key_ids) json["key_ids"].push_back(SafeText(key_id));
    PrintJson(json, context.streams.out);
  } else {
    std::ostream& out = context.streams.out;
    out << report.encrypts << " Encrypt and " << report.decrypts << " Decrypt calls, " << report.failures
        << " failures\n";
    if (report.failures > 0) out << "the first failure: " << report.first_failure << '\n';
    for (const std::string& key_id : report.key_ids) out << "under key_id " << SafeText(key_id) << '\n';
  }
  return report.passed() ? kExitDone : kExitNo;
}

int Run(const CommandContext& context, const Options& options) {
  const absl::StatusOr<std::string> socket = FindKmsSocket(context.globals);
  if (!socket.ok()) return Fail(context, socket.status());
  if (options.loop.given()) return Loop(context, *socket, options);
  absl::StatusOr<KmsConnection> connection = KmsConnection::Open(*socket);
  if (!connection.ok()) return Fail(context, connection.status());
  if (!options.check.empty()) return CheckKept(context, *connection, options);
  const SelfTestReport report =
      RunSelfTest(*connection, options.timeout.value(), SystemClock(), crypto::SystemRandom());
  if (report.passed() && !options.keep.empty()) {
    const absl::Status kept = PosixDurableFiles().Replace(options.keep, report.sample, 0600);
    if (!kept.ok()) return Fail(context, kept);
  }
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
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("selftest", kDescription);
  AddTimeoutOption(*command, options->timeout);
  CLI::Option* keep = command->add_option("--keep", options->keep, "Write what was encrypted to this file")
                          ->type_name("FILE");
  command->add_option("--check", options->check, "Only decrypt what --keep wrote to this file")
      ->type_name("FILE")
      ->excludes(keep);
  CLI::Option* loop =
      AddDurationOption(*command, "--for", options->loop,
                        "Only Encrypt and Decrypt, for so long or until Ctrl-C, and count failures");
  for (const char* other : {"--keep", "--check"}) loop->excludes(command->get_option(other));
  command->footer(
      HelpFooter("0 passed, 1 failed, 2 bad arguments or configuration, 3 the daemon cannot be reached"));
  command->callback(
      [&context, options] { context.action = [&context, options] { return Run(context, *options); }; });
}

}  // namespace signet::ctl

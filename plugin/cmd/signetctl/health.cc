// signetctl health: is the daemon able to serve kube-apiserver now?
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "crypto/digest.h"
#include "plugin/cmd/common/daemon_client.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/kms_checks.h"
#include "plugin/cmd/signetctl/sockets.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Ask signetd's Status over the KMS socket, as kube-apiserver does, and print one line.\n"
    "Made for exec probes and scripts: it causes no call to the KMS and needs no admin socket. Do not make "
    "it\n"
    "a liveness probe that restarts signetd: an outage of the KMS is not healed by a restart.";

void Print(const CommandContext& context, bool healthy, const std::string& reason,
           const v2::StatusResponse& status) {
  if (context.globals.json()) {
    nlohmann::ordered_json json;
    json["healthy"] = healthy;
    if (!healthy) json["reason"] = reason;
    if (!status.key_id().empty()) {
      json["key_id"] = SafeText(status.key_id());
      json["key_id_hash"] = crypto::KeyIdHash(status.key_id());
      json["version"] = SafeText(status.version());
    }
    PrintJson(json, context.streams.out);
  } else if (healthy) {
    context.streams.out << "healthy: key_id " << SafeText(status.key_id()) << ", API " << status.version()
                        << '\n';
  } else {
    context.streams.out << "unhealthy: " << reason << '\n';
  }
}

int Run(const CommandContext& context, absl::Duration timeout) {
  const absl::StatusOr<std::string> socket = FindKmsSocket(context.globals);
  if (!socket.ok()) return Fail(context, socket.status());
  absl::StatusOr<KmsConnection> connection = KmsConnection::Open(*socket);
  if (!connection.ok()) return Fail(context, connection.status());
  const absl::StatusOr<v2::StatusResponse> status = connection->Status(timeout);
  if (!status.ok()) {
    if (!AnsweredByDaemon(status.status())) return Fail(context, status.status());
    Print(context, false,
          absl::StrCat(absl::StatusCodeToString(status.status().code()), ": ", status.status().message()),
          {});
    return kExitNo;
  }
  const std::vector<std::string> objections = ObjectionsToStatus(*status);
  Print(context, objections.empty(), objections.empty() ? "" : objections.front(), *status);
  return objections.empty() ? kExitDone : kExitNo;
}

}  // namespace

void AddHealthCommand(CLI::App& app, CommandContext& context) {
  auto timeout = std::make_shared<TimeoutOption>();
  CLI::App* command = app.add_subcommand("health", kDescription);
  AddTimeoutOption(*command, *timeout);
  command->footer(HelpFooter("0 healthy, 1 unhealthy, 2 bad arguments or configuration, 3 not reached"));
  command->callback([&context, timeout] {
    context.action = [&context, timeout] { return Run(context, timeout->value()); };
  });
}

}  // namespace signet::ctl

// signetctl reload.
#include <memory>
#include <string>

#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

using admin::v1::ConfigChange;

constexpr char kDescription[] =
    "Have signetd read its configuration file again, as SIGHUP does, and say what came of it\n"
    "Taken up at once: log.level, log.format, allowed_uids of both sockets, max_plaintext_bytes and\n"
    "shutdown_grace. Everything else is named as needing a restart. A file with any problem changes nothing.";

std::string ValueText(const std::string& value) { return value.empty() ? "(not set)" : SafeText(value); }

void AddRows(const char* what, const google::protobuf::RepeatedPtrField<ConfigChange>& changes,
             Table& table) {
  for (const ConfigChange& change : changes) {
    table.AddRow(
        {what, SafeText(change.field()), ValueText(change.old_value()), ValueText(change.new_value())});
  }
}

nlohmann::ordered_json ToJson(const google::protobuf::RepeatedPtrField<ConfigChange>& changes) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ConfigChange& change : changes) {
    json.push_back({{"field", SafeText(change.field())},
                    {"old", SafeText(change.old_value())},
                    {"new", SafeText(change.new_value())}});
  }
  return json;
}

int Run(const CommandContext& context, absl::Duration timeout) {
  absl::StatusOr<AdminConnection> connection = OpenAdmin(context);
  if (!connection.ok()) return Fail(context, connection.status());
  const absl::StatusOr<admin::v1::ReloadConfigResponse> answer = connection->ReloadConfig(timeout);
  if (!answer.ok()) {
    if (AnsweredByDaemon(answer.status())) {
      context.streams.err << "signetctl: not reloaded, signetd goes on as before:\n";
    }
    return Fail(context, answer.status());
  }
  if (context.globals.json()) {
    nlohmann::ordered_json json;
    json["applied"] = ToJson(answer->applied());
    json["needs_restart"] = ToJson(answer->needs_restart());
    PrintJson(json, context.streams.out);
    return kExitDone;
  }
  Table table({"", "SETTING", "RUNNING BEFORE", "IN THE FILE"});
  AddRows("applied", answer->applied(), table);
  AddRows("NEEDS RESTART", answer->needs_restart(), table);
  if (table.rows() == 0) {
    context.streams.out << "reloaded: the file says what signetd runs with\n";
  } else {
    table.Print(context.streams.out);
  }
  return kExitDone;
}

}  // namespace

void AddReloadCommand(CLI::App& app, CommandContext& context) {
  auto timeout = std::make_shared<TimeoutOption>();
  CLI::App* command = app.add_subcommand("reload", kDescription);
  AddTimeoutOption(*command, *timeout);
  command->footer(HelpFooter(
      "0 reloaded, 2 the file has problems (nothing changed), 3 not reached, or the file cannot be "
      "read"));
  command->callback([&context, timeout] {
    context.action = [&context, timeout] { return Run(context, timeout->value()); };
  });
}

}  // namespace signet::ctl

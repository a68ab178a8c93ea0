// signetctl keys: the local KEKs in signetd's memory.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/admin_command.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/time_text.h"
#include "plugin/cmd/signetctl/timeout_option.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "List the local KEKs in signetd's memory: the one that encrypts first; never their bytes\n"
    "active: encrypts. prepared: proved, encrypts once its key_id is announced. cached: decrypts without a\n"
    "call to the KMS. Asks the admin socket, which answers from memory.";

std::string TimeOrNothing(bool has, const google::protobuf::Timestamp& time) {
  return has ? TimeText(time) : std::string("-");
}

void PrintTable(const admin::v1::ListKeysResponse& keys, std::ostream& out) {
  Table table({"STATE", "LOCAL KEK", "KEY_ID", "CREATED", "USES", "RENEWS", "EXPIRES"});
  for (const admin::v1::LocalKey& key : keys.keys()) {
    table.AddRow(
        {SafeText(key.state()), SafeText(key.local_kek_id()), SafeText(key.key_id()),
         TimeOrNothing(key.has_created(), key.created()),
         key.max_uses() == 0 ? "-" : absl::StrCat(key.uses(), " of ", key.max_uses()),
         TimeOrNothing(key.has_renews(), key.renews()),
         absl::StrCat(TimeOrNothing(key.has_expires(), key.expires()), key.stored() ? "" : ", NOT STORED")});
  }
  table.Print(out);
}

nlohmann::ordered_json ToJson(const admin::v1::ListKeysResponse& keys) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const admin::v1::LocalKey& key : keys.keys()) {
    nlohmann::ordered_json entry;
    entry["state"] = SafeText(key.state());
    entry["local_kek_id"] = SafeText(key.local_kek_id());
    entry["key_id"] = SafeText(key.key_id());
    entry["key_id_hash"] = SafeText(key.key_id_hash());
    if (key.has_created()) entry["created"] = TimeText(key.created());
    if (key.max_uses() > 0) {
      entry["uses"] = key.uses();
      entry["max_uses"] = key.max_uses();
    }
    if (key.has_renews()) entry["renews"] = TimeText(key.renews());
    if (key.has_expires()) entry["expires"] = TimeText(key.expires());
    entry["stored"] = key.stored();
    json.push_back(std::move(entry));
  }
  return json;
}

int Run(const CommandContext& context, absl::Duration timeout) {
  absl::StatusOr<AdminConnection> connection = OpenAdmin(context);
  if (!connection.ok()) return Fail(context, connection.status());
  const absl::StatusOr<admin::v1::ListKeysResponse> keys = connection->ListKeys(timeout);
  if (!keys.ok()) return FailOperation(context, keys.status());
  if (context.globals.json()) {
    PrintJson(ToJson(*keys), context.streams.out);
  } else {
    PrintTable(*keys, context.streams.out);
  }
  return kExitDone;
}

}  // namespace

void AddKeysCommand(CLI::App& app, CommandContext& context) {
  auto timeout = std::make_shared<TimeoutOption>();
  CLI::App* command = app.add_subcommand("keys", kDescription);
  AddTimeoutOption(*command, *timeout);
  command->footer(HelpFooter("0 done, 2 bad arguments or configuration, 3 not reached or not permitted"));
  command->callback([&context, timeout] {
    context.action = [&context, timeout] { return Run(context, timeout->value()); };
  });
}

}  // namespace signet::ctl

#include "plugin/cmd/signetctl/admin_command.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/digest.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/sockets.h"
#include "plugin/cmd/signetctl/time_text.h"

namespace signet::ctl {

absl::StatusOr<AdminConnection> OpenAdmin(const CommandContext& context) {
  SIGNET_ASSIGN_OR_RETURN(const std::string socket, FindAdminSocket(context.globals));
  return AdminConnection::Open(socket);
}

int FailOperation(const CommandContext& context, const absl::Status& status) {
  const int code = Fail(context, status);
  if (!AnsweredByDaemon(status)) return code;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
      return kExitUsage;
    case absl::StatusCode::kPermissionDenied:
      return kExitUnreachable;
    default:
      return kExitNo;
  }
}

void PrintOperation(const CommandContext& context, absl::string_view headline,
                    const admin::v1::KeyOperationResponse& result) {
  if (context.globals.json()) {
    nlohmann::ordered_json json;
    if (!result.key_id().empty()) {
      json["key_id"] = SafeText(result.key_id());
      json["key_id_hash"] = crypto::KeyIdHash(result.key_id());
    }
    if (!result.local_kek_id().empty()) json["local_kek_id"] = SafeText(result.local_kek_id());
    if (!result.pending_key_id().empty()) {
      json["pending"]["key_id"] = SafeText(result.pending_key_id());
      if (result.has_pending_activates_at()) {
        json["pending"]["activates_at"] = TimeText(result.pending_activates_at());
      }
    }
    json["note"] = SafeText(result.note(), 1024);
    return PrintJson(json, context.streams.out);
  }
  std::ostream& out = context.streams.out;
  out << std::string(headline) << '\n';
  Table table;
  if (!result.key_id().empty()) table.AddRow({"key_id", SafeText(result.key_id())});
  if (!result.local_kek_id().empty()) table.AddRow({"local KEK", SafeText(result.local_kek_id())});
  if (!result.pending_key_id().empty()) {
    table.AddRow(
        {"pending", absl::StrCat(SafeText(result.pending_key_id()),
                                 result.has_pending_activates_at()
                                     ? absl::StrCat(", active at ", TimeText(result.pending_activates_at()))
                                     : std::string(", being confirmed"))});
  }
  if (!result.note().empty()) table.AddRow({"note", SafeText(result.note(), 1024)});
  table.Print(out, 2);
}

}  // namespace signet::ctl

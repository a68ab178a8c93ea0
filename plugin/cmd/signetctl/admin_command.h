// What the verbs that ask the admin socket share.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_ADMIN_COMMAND_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_ADMIN_COMMAND_H_

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugin/cmd/common/admin_client.h"
#include "plugin/cmd/signetctl/command.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

// One answer that needs no KMS.
inline constexpr absl::Duration kQuickAnswer = absl::Seconds(5);

// Errors: as FindAdminSocket and AdminConnection::Open.
absl::StatusOr<AdminConnection> OpenAdmin(const CommandContext& context);

// Prints why an operation failed. Exit codes: kExitUsage where signetd calls the arguments wrong, kExitNo for
// its other refusals and failures, kExitUnreachable where it was not reached or does not let us.
int FailOperation(const CommandContext& context, const absl::Status& status);

// Prints what an operation came to, as JSON or for people, under `headline`.
void PrintOperation(const CommandContext& context, absl::string_view headline,
                    const admin::v1::KeyOperationResponse& result);

// Exit codes of the operations, for their help.
inline constexpr absl::string_view kOperationExitCodes =
    "0 done, 1 refused or failed, 2 not confirmed or bad arguments, 3 not reached or not permitted";

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_ADMIN_COMMAND_H_

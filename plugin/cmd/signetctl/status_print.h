// The state of signetd as one screen for people and as JSON for programs. Text from the state is escaped.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_STATUS_PRINT_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_STATUS_PRINT_H_

#include <nlohmann/json.hpp>
#include <ostream>

#include "absl/time/time.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

void PrintState(const admin::v1::GetStateResponse& state, absl::Time now, std::ostream& out);
nlohmann::ordered_json StateToJson(const admin::v1::GetStateResponse& state, absl::Time now);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_STATUS_PRINT_H_

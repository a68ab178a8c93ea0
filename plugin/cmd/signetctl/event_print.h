// An event as one line for people and as JSON. Text from the event is escaped.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_EVENT_PRINT_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_EVENT_PRINT_H_

#include <nlohmann/json.hpp>
#include <ostream>

#include "plugin/cmd/signetctl/command.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

// One line each, the number of dropped ones first where there are some; flushed.
void PrintEvents(const admin::v1::WatchEventsResponse& answer, OutputFormat format, std::ostream& out);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_EVENT_PRINT_H_

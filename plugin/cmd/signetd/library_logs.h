// What gRPC and protobuf would print by themselves, led into our log. Both know only one, global sink.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_LIBRARY_LOGS_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_LIBRARY_LOGS_H_

#include "plugin/observability/log.h"

namespace signet {

// `log` lives as long as the process. gRPC's errors become warnings, limited in number: some can be provoked
// by a caller. protobuf's, all of which are about a caller's message, are dropped: the call fails and is
// logged.
void RouteLibraryLogs(Log& log);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_LIBRARY_LOGS_H_

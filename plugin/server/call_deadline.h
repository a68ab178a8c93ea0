// The deadline of a gRPC call on our own clock. Nothing blocks.
#ifndef SIGNET_PLUGIN_SERVER_CALL_DEADLINE_H_
#define SIGNET_PLUGIN_SERVER_CALL_DEADLINE_H_

#include <grpc/support/time.h>

#include "base/clock.h"

namespace signet {

// `deadline` as grpc::ServerContext::raw_deadline() gives it; infinite where the caller set none.
MonotonicTime ToMonotonicTime(gpr_timespec deadline, const Clock& clock);

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_CALL_DEADLINE_H_

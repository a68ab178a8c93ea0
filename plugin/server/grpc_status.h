// The one place where our status becomes gRPC's. Nothing blocks.
#ifndef SIGNET_PLUGIN_SERVER_GRPC_STATUS_H_
#define SIGNET_PLUGIN_SERVER_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace signet {

// Code and message as they are: the codes have the same numbers, and our messages are constant and safe to
// show. Payloads stay here. A code unknown to gRPC becomes INTERNAL, UNKNOWN too: it would tell nobody
// anything.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_GRPC_STATUS_H_

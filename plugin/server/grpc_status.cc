#include "plugin/server/grpc_status.h"

#include <string>

namespace signet {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const int code = static_cast<int>(status.code());
  const bool known = code > grpc::StatusCode::OK && code <= grpc::StatusCode::UNAUTHENTICATED &&
                     code != grpc::StatusCode::UNKNOWN;
  return grpc::Status(known ? static_cast<grpc::StatusCode>(code) : grpc::StatusCode::INTERNAL,
                      std::string(status.message()));
}

}  // namespace signet

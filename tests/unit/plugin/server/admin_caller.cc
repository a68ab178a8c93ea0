// admin_caller SOCKET UID: becomes that user, calls GetState and exits with the gRPC code.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "proto/admin/v1/admin.grpc.pb.h"
#include "tests/testing/kms_caller.h"

int main(int argc, char** argv) {
  if (argc != 3) return 100;
  const auto uid = static_cast<uid_t>(std::atoi(argv[2]));
  if (::setgid(uid) != 0 || ::setuid(uid) != 0) return 101;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  signet::admin::v1::GetStateResponse response;
  return static_cast<int>(signet::admin::v1::AdminService::NewStub(signet::testing::ConnectTo(argv[1]))
                              ->GetState(&context, {}, &response)
                              .error_code());
}

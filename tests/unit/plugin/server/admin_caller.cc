// admin_caller SOCKET UID METHOD: becomes that user, calls the method with an empty request and exits with
// the gRPC code.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "absl/strings/numbers.h"
#include "proto/admin/v1/admin.grpc.pb.h"
#include "tests/testing/kms_caller.h"

namespace {

constexpr std::chrono::seconds kPatience(20);

void Prepare(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

template <typename Response, typename Stub, typename Request>
int Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  grpc::ClientContext context;
  Prepare(context);
  Response response;
  return static_cast<int>((stub.*method)(&context, Request(), &response).error_code());
}

// Until the first answer or the end.
int Watch(signet::admin::v1::AdminService::Stub& stub) {
  grpc::ClientContext context;
  Prepare(context);
  const auto reader = stub.WatchEvents(&context, {});
  signet::admin::v1::WatchEventsResponse response;
  if (reader->Read(&response)) return 0;
  return static_cast<int>(reader->Finish().error_code());
}

}  // namespace

int main(int argc, char** argv) {
  using Stub = signet::admin::v1::AdminService::Stub;
  if (argc != 4) return 100;
  uid_t uid = 0;
  if (!absl::SimpleAtoi(argv[2], &uid)) return 100;
  if (::setgid(uid) != 0 || ::setuid(uid) != 0) return 101;
  // Every connection is one refusal more.
  const auto channel = signet::testing::ConnectTo(argv[1], "localhost", kPatience);
  const auto stub = signet::admin::v1::AdminService::NewStub(channel);
  const std::string method = argv[3];
  if (method == "GetState") return Call(*stub, &Stub::GetState);
  if (method == "ListKeys") return Call(*stub, &Stub::ListKeys);
  if (method == "RotateLocalKek") return Call(*stub, &Stub::RotateLocalKek);
  if (method == "RotateRemoteKey") return Call(*stub, &Stub::RotateRemoteKey);
  if (method == "RefreshRemoteKey") return Call(*stub, &Stub::RefreshRemoteKey);
  if (method == "AcceptKeyId") return Call(*stub, &Stub::AcceptKeyId);
  if (method == "PurgeKeys") return Call(*stub, &Stub::PurgeKeys);
  if (method == "ReloadConfig") return Call(*stub, &Stub::ReloadConfig);
  if (method == "WatchEvents") return Watch(*stub);
  return 102;
}

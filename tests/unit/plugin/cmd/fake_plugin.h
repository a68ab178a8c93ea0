// FakePlugin: a KMS v2 and admin server in this process, each of whose answers a test can set.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_CMD_FAKE_PLUGIN_H_
#define SIGNET_TESTS_UNIT_PLUGIN_CMD_FAKE_PLUGIN_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "proto/admin/v1/admin.grpc.pb.h"
#include "proto/kms/v2/api.grpc.pb.h"
#include "tests/testing/temp_dir.h"

namespace signet::ctl {

// By default a well-behaved plugin whose "encryption" is exclusive-or with 0x55, checked by a trailing copy
// of key_id and annotation. Set the functions before the first call.
class FakePlugin final : public v2::KeyManagementService::Service, public admin::v1::AdminService::Service {
 public:
  FakePlugin();
  ~FakePlugin() override { server_->Shutdown(); }

  const std::string& socket() const { return socket_; }

  std::function<grpc::Status(v2::StatusResponse&)> status;
  std::function<grpc::Status(const v2::EncryptRequest&, v2::EncryptResponse&)> encrypt;
  std::function<grpc::Status(const v2::DecryptRequest&, v2::DecryptResponse&)> decrypt;
  std::function<grpc::Status(admin::v1::GetStateResponse&)> state;

 private:
  grpc::Status Status(grpc::ServerContext*, const v2::StatusRequest*, v2::StatusResponse* response) override {
    return status(*response);
  }
  grpc::Status Encrypt(grpc::ServerContext*, const v2::EncryptRequest* request,
                       v2::EncryptResponse* response) override {
    return encrypt(*request, *response);
  }
  grpc::Status Decrypt(grpc::ServerContext*, const v2::DecryptRequest* request,
                       v2::DecryptResponse* response) override {
    return decrypt(*request, *response);
  }
  grpc::Status GetState(grpc::ServerContext*, const admin::v1::GetStateRequest*,
                        admin::v1::GetStateResponse* response) override {
    return state(*response);
  }

  testing::TempDir temp_;
  const std::string socket_ = temp_.File("s");
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace signet::ctl

#endif  // SIGNET_TESTS_UNIT_PLUGIN_CMD_FAKE_PLUGIN_H_

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
  std::function<grpc::Status(admin::v1::ListKeysResponse&)> keys;
  // `what` is the method's name, with a blank and its argument where it has one.
  std::function<grpc::Status(const std::string& what, admin::v1::KeyOperationResponse&)> operation;
  std::function<grpc::Status(admin::v1::ReloadConfigResponse&)> reload;
  // Writes answers until it returns the stream's status.
  std::function<grpc::Status(grpc::ServerContext&, const admin::v1::WatchEventsRequest&,
                             grpc::ServerWriter<admin::v1::WatchEventsResponse>&)>
      watch;

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

  grpc::Status ListKeys(grpc::ServerContext*, const admin::v1::ListKeysRequest*,
                        admin::v1::ListKeysResponse* response) override {
    return keys(*response);
  }
  grpc::Status RotateLocalKek(grpc::ServerContext*, const admin::v1::RotateLocalKekRequest*,
                              admin::v1::KeyOperationResponse* response) override {
    return operation("RotateLocalKek", *response);
  }
  grpc::Status RotateRemoteKey(grpc::ServerContext*, const admin::v1::RotateRemoteKeyRequest* request,
                               admin::v1::KeyOperationResponse* response) override {
    return operation("RotateRemoteKey " + request->provider(), *response);
  }
  grpc::Status RefreshRemoteKey(grpc::ServerContext*, const admin::v1::RefreshRemoteKeyRequest*,
                                admin::v1::KeyOperationResponse* response) override {
    return operation("RefreshRemoteKey", *response);
  }
  grpc::Status AcceptKeyId(grpc::ServerContext*, const admin::v1::AcceptKeyIdRequest* request,
                           admin::v1::KeyOperationResponse* response) override {
    return operation("AcceptKeyId " + request->key_id(), *response);
  }
  grpc::Status PurgeKeys(grpc::ServerContext*, const admin::v1::PurgeKeysRequest*,
                         admin::v1::KeyOperationResponse* response) override {
    return operation("PurgeKeys", *response);
  }
  grpc::Status ReloadConfig(grpc::ServerContext*, const admin::v1::ReloadConfigRequest*,
                            admin::v1::ReloadConfigResponse* response) override {
    return reload(*response);
  }
  grpc::Status WatchEvents(grpc::ServerContext* context, const admin::v1::WatchEventsRequest* request,
                           grpc::ServerWriter<admin::v1::WatchEventsResponse>* writer) override {
    return watch(*context, *request, *writer);
  }

  testing::TempDir temp_;
  const std::string socket_ = temp_.File("s");
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace signet::ctl

#endif  // SIGNET_TESTS_UNIT_PLUGIN_CMD_FAKE_PLUGIN_H_

// KmsServerTest: a KmsServer in this process on a socket of its own, with FakeHierarchy behind it, and gRPC
// clients as kube-apiserver's is.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_SERVER_KMS_SERVER_FIXTURE_H_
#define SIGNET_TESTS_UNIT_PLUGIN_SERVER_KMS_SERVER_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "plugin/server/kms_server.h"
#include "proto/kms/v2/api.grpc.pb.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/server/fake_hierarchy.h"
#include "tests/unit/plugin/server/recording_rpc_observer.h"

namespace signet::testing {

inline constexpr char kAnnotation[] = "kek.signet.internal";

using KmsStub = v2::KeyManagementService::Stub;

class KmsServerTest : public ::testing::Test {
 protected:
  void SetUp() override { listener_options_.path = temp_.File("kms.sock"); }
  void StartServer() {
    ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Create(listener_options_));
    ASSERT_OK_AND_ASSIGN(
        server_, KmsServer::Create(options_, std::move(listener), service_, observer_, SystemClock()));
    server_->Start();
  }
  void TearDown() override {
    hierarchy_.ReleaseDecrypts();
    if (server_ != nullptr) server_->Stop(absl::Seconds(5));
  }

  const std::string& path() const { return listener_options_.path; }

  std::unique_ptr<KmsStub> Client() const { return v2::KeyManagementService::NewStub(ConnectTo(path())); }

  static void SetDeadline(grpc::ClientContext& context,
                          std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + timeout);
  }
  static grpc::Status Status(KmsStub& client, v2::StatusResponse* response = nullptr) {
    grpc::ClientContext context;
    SetDeadline(context);
    v2::StatusResponse ignored;
    return client.Status(&context, {}, response == nullptr ? &ignored : response);
  }
  static grpc::Status Encrypt(KmsStub& client, const std::string& plaintext, v2::EncryptResponse* response,
                              const std::string& uid = "uid-1") {
    grpc::ClientContext context;
    SetDeadline(context);
    v2::EncryptRequest request;
    request.set_plaintext(plaintext);
    request.set_uid(uid);
    return client.Encrypt(&context, request, response);
  }
  static v2::DecryptRequest RequestFor(const std::string& ciphertext) {
    v2::DecryptRequest request;
    request.set_ciphertext(ciphertext);
    request.set_uid("uid-2");
    request.set_key_id("local-v1-0123456789abcdef");
    (*request.mutable_annotations())[kAnnotation] = "the record";
    return request;
  }
  static grpc::Status Decrypt(KmsStub& client, const v2::DecryptRequest& request,
                              v2::DecryptResponse* response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return client.Decrypt(&context, request, response);
  }

  TempDir temp_;
  UnixListenerOptions listener_options_;
  KmsServerOptions options_;
  FakeHierarchy hierarchy_;
  KmsService service_{KmsServiceOptions(), hierarchy_};
  RecordingRpcObserver observer_;
  std::unique_ptr<KmsServer> server_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_SERVER_KMS_SERVER_FIXTURE_H_

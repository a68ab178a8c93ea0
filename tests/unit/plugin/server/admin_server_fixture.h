// AdminServerTest: an AdminServer in this process on a socket of its own, with FakeKeyControl behind it.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_SERVER_ADMIN_SERVER_FIXTURE_H_
#define SIGNET_TESTS_UNIT_PLUGIN_SERVER_ADMIN_SERVER_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/server/admin_server.h"
#include "proto/admin/v1/admin.grpc.pb.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/server/fake_key_control.h"
#include "tests/unit/plugin/server/recording_rpc_observer.h"

namespace signet::testing {

using AdminStub = admin::v1::AdminService::Stub;

class AdminServerTest : public ::testing::Test {
 protected:
  void StartServer(mode_t mode = 0600) {
    UnixListenerOptions options;
    options.path = path_;
    options.mode = mode;
    ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Create(options));
    AdminHandlers handlers{[](admin::v1::GetStateResponse& response) {
                             response.set_cluster_id("cluster");
                             response.add_key_id_history("k1");
                           },
                           [this](AdminHandlers::ReloadCallback done) { done(reload_answer_); }, keys_};
    ASSERT_OK_AND_ASSIGN(server_, AdminServer::Create(options_, std::move(listener), std::move(handlers),
                                                      observer_, SystemClock()));
    server_->Start();
  }
  void TearDown() override {
    keys_.Answer();
    if (server_ != nullptr) server_->Stop(absl::Seconds(5));
  }

  std::unique_ptr<AdminStub> Client() const { return admin::v1::AdminService::NewStub(ConnectTo(path_)); }
  static void SetDeadline(grpc::ClientContext& context) {
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  // One call of a unary method on a connection of its own.
  template <typename Response, typename Request>
  grpc::Status Call(grpc::Status (AdminStub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) const {
    grpc::ClientContext context;
    SetDeadline(context);
    return ((*Client()).*method)(&context, request, response);
  }
  // The calls of one method that the observer was told of, once there are `count`.
  std::vector<RecordingRpcObserver::Call> Audited(const std::string& method, size_t count) const {
    std::vector<RecordingRpcObserver::Call> found;
    EXPECT_TRUE(PollUntil([&] {
      found.clear();
      for (const auto& call : observer_.calls()) {
        if (call.method == method) found.push_back(call);
      }
      return found.size() >= count;
    })) << method;
    return found;
  }

  TempDir temp_;
  const std::string path_ = temp_.File("admin.sock");
  AdminServerOptions options_;
  FakeKeyControl keys_;
  absl::StatusOr<admin::v1::ReloadConfigResponse> reload_answer_ = admin::v1::ReloadConfigResponse();
  RecordingRpcObserver observer_;
  std::unique_ptr<AdminServer> server_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_SERVER_ADMIN_SERVER_FIXTURE_H_

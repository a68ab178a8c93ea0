#include "plugin/server/admin_server.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/admin/v1/admin.grpc.pb.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/server/recording_rpc_observer.h"

namespace signet {
namespace {

using ::signet::testing::ConnectTo;
using ::signet::testing::PollUntil;
using ::signet::testing::RecordingRpcObserver;
using ::signet::testing::TempDir;

grpc::Status GetState(const std::string& path, admin::v1::GetStateResponse* response) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  return admin::v1::AdminService::NewStub(ConnectTo(path))->GetState(&context, {}, response);
}

class AdminServerTest : public ::testing::Test {
 protected:
  void StartServer(mode_t mode = 0600) {
    UnixListenerOptions options;
    options.path = path_;
    options.mode = mode;
    ASSERT_OK_AND_ASSIGN(auto listener, UnixListener::Create(options));
    const auto source = [](admin::v1::GetStateResponse& response) {
      response.set_cluster_id("cluster");
      response.add_key_id_history("k1");
    };
    ASSERT_OK_AND_ASSIGN(server_, AdminServer::Create(AdminServerOptions(), std::move(listener), source,
                                                      observer_, SystemClock()));
    server_->Start();
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Stop(absl::Seconds(5));
  }

  TempDir temp_;
  const std::string path_ = temp_.File("admin.sock");
  RecordingRpcObserver observer_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, AnswersTheState) {
  StartServer();
  admin::v1::GetStateResponse response;
  ASSERT_TRUE(GetState(path_, &response).ok());
  EXPECT_EQ(response.cluster_id(), "cluster");
  ASSERT_EQ(response.key_id_history_size(), 1);
}

TEST_F(AdminServerTest, BuildsEveryAnswerAnew) {
  StartServer();
  for (int i = 0; i < 3; ++i) {
    admin::v1::GetStateResponse response;
    ASSERT_TRUE(GetState(path_, &response).ok());
    EXPECT_EQ(response.key_id_history_size(), 1);
  }
}

TEST_F(AdminServerTest, ReportsEveryCallWithTheCallersUidAndPid) {
  StartServer();
  admin::v1::GetStateResponse response;
  ASSERT_TRUE(GetState(path_, &response).ok());
  const auto calls = observer_.calls();
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].api, "admin");
  EXPECT_EQ(calls[0].method, "GetState");
  EXPECT_EQ(calls[0].peer.uid, ::geteuid());
  EXPECT_EQ(calls[0].peer.pid, ::getpid());
}

TEST_F(AdminServerTest, TheSocketIsOursAlone) {
  StartServer();
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

// Even if the socket's mode let everybody in. The caller is a process of its own: gRPC does not survive a
// fork.
TEST_F(AdminServerTest, TellsAnotherUidPermissionDeniedAndReportsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
  StartServer(0666);
  const auto result =
      signet::testing::RunProcess({{signet::testing::ProgramPath("admin_caller"), path_, "1235"}, {}, {}});
  EXPECT_EQ(result.exit_code, static_cast<int>(grpc::StatusCode::PERMISSION_DENIED)) << result.errors;
  ASSERT_EQ(observer_.calls().size(), 1U);
  EXPECT_EQ(observer_.calls()[0].code, absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(observer_.calls()[0].peer.uid, 1235U);
  EXPECT_GT(observer_.calls()[0].peer.pid, 0);
  ASSERT_EQ(observer_.refused_peers().size(), 1U);
}

}  // namespace
}  // namespace signet

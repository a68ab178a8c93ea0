#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/unit/plugin/server/admin_server_fixture.h"

namespace signet::testing {
namespace {

TEST_F(AdminServerTest, AnswersTheState) {
  StartServer();
  admin::v1::GetStateResponse response;
  ASSERT_TRUE(Call(&AdminStub::GetState, {}, &response).ok());
  EXPECT_EQ(response.cluster_id(), "cluster");
  ASSERT_EQ(response.key_id_history_size(), 1);
}

TEST_F(AdminServerTest, BuildsEveryAnswerAnew) {
  StartServer();
  for (int i = 0; i < 3; ++i) {
    admin::v1::GetStateResponse response;
    ASSERT_TRUE(Call(&AdminStub::GetState, {}, &response).ok());
    EXPECT_EQ(response.key_id_history_size(), 1);
  }
}

TEST_F(AdminServerTest, ReportsEveryCallWithTheCallersUidAndPid) {
  StartServer();
  admin::v1::GetStateResponse response;
  ASSERT_TRUE(Call(&AdminStub::GetState, {}, &response).ok());
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
TEST_F(AdminServerTest, TellsAnotherUidPermissionDeniedWhateverItAsksAndReportsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
  StartServer(0666);
  const std::vector<std::string> methods = {"GetState",        "ListKeys",         "RotateLocalKek",
                                            "RotateRemoteKey", "RefreshRemoteKey", "AcceptKeyId",
                                            "PurgeKeys",       "ReloadConfig",     "WatchEvents"};
  for (const std::string& method : methods) {
    const ProcessResult result = RunProcess({{ProgramPath("admin_caller"), path_, "1235", method}, {}, {}});
    EXPECT_EQ(result.exit_code, static_cast<int>(grpc::StatusCode::PERMISSION_DENIED))
        << method << result.errors;
    const auto calls = Audited(method, 1);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].code, absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(calls[0].peer.uid, 1235U);
    EXPECT_GT(calls[0].peer.pid, 0);
  }
  EXPECT_EQ(observer_.refused_peers().size(), methods.size());
  EXPECT_TRUE(keys_.asked().empty());
  EXPECT_TRUE(observer_.streams().empty());
}

TEST_F(AdminServerTest, AdmitsAUidFromTheMomentItIsAdded) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
  StartServer(0666);
  server_->SetAllowedUids({1235});
  EXPECT_TRUE(PollUntil([&] {
    return RunProcess({{ProgramPath("admin_caller"), path_, "1235", "GetState"}, {}, {}}).exit_code == 0;
  }));
}

TEST_F(AdminServerTest, ListsKeysAndNeverTheirBytes) {
  LocalKeyInfo active;
  active.id = {0xab};
  active.key_id = "local-v1-x";
  active.state = LocalKeyInfo::State::kActive;
  active.created = absl::FromUnixSeconds(7);
  active.uses = 3;
  active.max_uses = 10;
  active.expires = absl::FromUnixSeconds(9);
  LocalKeyInfo cached;
  cached.key_id = "local-v0-y";
  cached.uses = 5;
  keys_.keys = {active, cached};
  StartServer();
  admin::v1::ListKeysResponse response;
  ASSERT_TRUE(Call(&AdminStub::ListKeys, {}, &response).ok());
  ASSERT_EQ(response.keys_size(), 2);
  EXPECT_EQ(response.keys(0).local_kek_id(), "ab" + std::string(30, '0'));
  EXPECT_EQ(response.keys(0).state(), "active");
  EXPECT_EQ(response.keys(0).uses(), 3U);
  EXPECT_EQ(response.keys(0).expires().seconds(), 9);
  EXPECT_FALSE(response.keys(0).has_renews());
  EXPECT_EQ(response.keys(1).state(), "cached");
  EXPECT_EQ(response.keys(1).uses(), 0U);
}

TEST_F(AdminServerTest, AnswersAReloadWithWhatCameOfIt) {
  reload_answer_->add_applied()->set_field("log.level");
  StartServer();
  admin::v1::ReloadConfigResponse response;
  ASSERT_TRUE(Call(&AdminStub::ReloadConfig, {}, &response).ok());
  ASSERT_EQ(response.applied_size(), 1);
  EXPECT_EQ(response.applied(0).field(), "log.level");
}

TEST_F(AdminServerTest, AnswersAReloadThatFailedWithEveryProblem) {
  reload_answer_ = absl::InvalidArgumentError("f:1:1: a: wrong\nf:2:1: b: wrong");
  StartServer();
  admin::v1::ReloadConfigResponse response;
  const grpc::Status status = Call(&AdminStub::ReloadConfig, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "f:1:1: a: wrong\nf:2:1: b: wrong");
}

}  // namespace
}  // namespace signet::testing

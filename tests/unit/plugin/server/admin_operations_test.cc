// What operators have done to the keys, through the admin API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "tests/unit/plugin/server/admin_server_fixture.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;

class AdminOperationsTest : public AdminServerTest {};

TEST_F(AdminOperationsTest, EachReachesTheHierarchyWithItsArgument) {
  StartServer();
  admin::v1::KeyOperationResponse response;
  admin::v1::RotateRemoteKeyRequest rotate;
  rotate.set_provider("standby");
  admin::v1::AcceptKeyIdRequest accept;
  accept.set_key_id("local-v1-x");
  EXPECT_TRUE(Call(&AdminStub::RotateLocalKek, {}, &response).ok());
  EXPECT_TRUE(Call(&AdminStub::RotateRemoteKey, rotate, &response).ok());
  EXPECT_TRUE(Call(&AdminStub::RefreshRemoteKey, {}, &response).ok());
  EXPECT_TRUE(Call(&AdminStub::AcceptKeyId, accept, &response).ok());
  EXPECT_TRUE(Call(&AdminStub::PurgeKeys, {}, &response).ok());
  EXPECT_THAT(keys_.asked(),
              ElementsAre("rotate local", "rotate remote standby", "refresh", "accept local-v1-x", "purge"));
}

TEST_F(AdminOperationsTest, AnswersWithTheWholeResult) {
  keys_.result->key_id = "k1";
  keys_.result->local_kek_id = "aa";
  keys_.result->pending_key_id = "k2";
  keys_.result->pending_activates_at = absl::FromUnixSeconds(5);
  keys_.result->note = "wait";
  StartServer();
  admin::v1::KeyOperationResponse response;
  ASSERT_TRUE(Call(&AdminStub::RefreshRemoteKey, {}, &response).ok());
  EXPECT_EQ(response.key_id(), "k1");
  EXPECT_EQ(response.local_kek_id(), "aa");
  EXPECT_EQ(response.pending_key_id(), "k2");
  EXPECT_EQ(response.pending_activates_at().seconds(), 5);
  EXPECT_EQ(response.note(), "wait");
}

TEST_F(AdminOperationsTest, ARefusalIsToldAndAuditedWithItsCode) {
  keys_.result = absl::FailedPreconditionError("a version is pending");
  StartServer();
  admin::v1::KeyOperationResponse response;
  const grpc::Status status = Call(&AdminStub::RotateLocalKek, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), "a version is pending");
  EXPECT_EQ(Audited("RotateLocalKek", 1)[0].code, absl::StatusCode::kFailedPrecondition);
}

TEST_F(AdminOperationsTest, IsAuditedWithUidAndPid) {
  StartServer();
  admin::v1::KeyOperationResponse response;
  admin::v1::AcceptKeyIdRequest accept;
  accept.set_key_id("local-v1-x");
  ASSERT_TRUE(Call(&AdminStub::AcceptKeyId, accept, &response).ok());
  const auto calls = Audited("AcceptKeyId", 1);
  EXPECT_EQ(calls[0].code, absl::StatusCode::kOk);
  EXPECT_EQ(calls[0].peer.uid, ::geteuid());
  EXPECT_EQ(calls[0].peer.pid, ::getpid());
  EXPECT_EQ(calls[0].key_id, "local-v1-x");
}

TEST_F(AdminOperationsTest, ACallerWhoLeavesIsAuditedByNameAndTheWorkGoesOn) {
  keys_.Hold();
  StartServer();
  {
    const auto client = Client();
    grpc::ClientContext context;
    SetDeadline(context);
    std::thread canceller([&] {
      EXPECT_TRUE(PollUntil([&] { return keys_.held() == 1; }));
      context.TryCancel();
    });
    admin::v1::KeyOperationResponse response;
    EXPECT_EQ(client->PurgeKeys(&context, {}, &response).error_code(), grpc::StatusCode::CANCELLED);
    canceller.join();
  }
  const auto calls = Audited("PurgeKeys", 1);
  EXPECT_EQ(calls[0].code, absl::StatusCode::kCancelled);
  EXPECT_EQ(calls[0].peer.uid, ::geteuid());
  EXPECT_EQ(calls[0].peer.pid, ::getpid());
  keys_.Answer();  // too late for anybody, and no harm
  admin::v1::GetStateResponse state;
  EXPECT_TRUE(Call(&AdminStub::GetState, {}, &state).ok());
  EXPECT_EQ(observer_.calls().size(), 2U);
}

TEST_F(AdminOperationsTest, AStopDoesNotWaitForThem) {
  keys_.Hold();
  StartServer();
  std::thread caller([&] {
    admin::v1::KeyOperationResponse response;
    EXPECT_FALSE(Call(&AdminStub::RefreshRemoteKey, {}, &response).ok());
  });
  EXPECT_TRUE(PollUntil([&] { return keys_.held() == 1; }));
  server_->Stop(absl::Milliseconds(10));  // would hang if it did
  caller.join();
  EXPECT_EQ(keys_.held(), 1U);
  EXPECT_EQ(Audited("RefreshRemoteKey", 1)[0].code, absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace signet::testing

// The built signetd under load on an OpenBao cluster whose leader dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/openbao/openbao_node.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

constexpr int kObjects = 60;

class OpenBaoFailoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
    cluster_ = std::make_unique<OpenBaoCluster>(ca_);
    leader_ = cluster_->WaitForLeader();
    OpenBaoAdmin& admin = cluster_->admin(leader_);
    admin.Write("transit/keys/signet");
    admin.Write("sys/policies/acl/signet", {{"policy", TransitPolicy("signet")}});
    token_ =
        admin.Write("auth/token/create", {{"policies", {"signet"}}, {"ttl", "1h"}})["auth"]["client_token"];
  }
  std::unique_ptr<OpenBaoNode> StartNode(const std::string& top = "") {
    auto node = std::make_unique<OpenBaoNode>(cluster_->addresses(), cluster_->ca_file(), top);
    node->SetToken(token_);
    EXPECT_TRUE(node->Start().WaitUntilReady()) << node->daemon().Logs();
    return node;
  }

  TestCa ca_;
  std::unique_ptr<OpenBaoCluster> cluster_;
  size_t leader_ = 0;
  std::string token_;
};

TEST_F(OpenBaoFailoverTest, FailsNoEncryptAndNoCachedDecryptAndServesColdOnesOnceThereIsALeader) {
  // One local key per object, so each object is cold for the other node.
  const std::unique_ptr<OpenBaoNode> direct = StartNode("mode: direct\n");
  const std::unique_ptr<OpenBaoNode> node = StartNode();
  KmsCaller caller = node->Caller();
  std::vector<v2::EncryptResponse> cold;
  KmsCaller direct_caller = direct->Caller();
  for (int i = 0; i < kObjects; ++i) {
    ASSERT_OK_AND_ASSIGN(v2::EncryptResponse object, direct_caller.Encrypt("cold"));
    cold.push_back(std::move(object));
  }
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse cached, caller.Encrypt("cached"));

  std::atomic<bool> done = false;
  std::atomic<int> rounds = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      KmsCaller own = node->Caller();
      while (!done) {
        EXPECT_THAT(own.Encrypt("seed"), IsOk());
        EXPECT_THAT(own.Decrypt(cached), IsOk());
        ++rounds;
      }
    });
  }
  EXPECT_TRUE(PollUntil([&] { return rounds >= 20; }, std::chrono::minutes(1)));
  for (int i = 0; i < kObjects / 3; ++i) EXPECT_THAT(caller.Decrypt(cold[static_cast<size_t>(i)]), IsOk());

  cluster_->Kill(leader_);
  // While there is no leader these may fail, as unavailable and nothing else.
  for (int i = kObjects / 3; i < 2 * kObjects / 3; ++i) {
    const absl::StatusOr<std::string> answer = caller.Decrypt(cold[static_cast<size_t>(i)]);
    if (!answer.ok()) {
      EXPECT_THAT(answer, ::testing::AnyOf(StatusIs(absl::StatusCode::kUnavailable),
                                           StatusIs(absl::StatusCode::kDeadlineExceeded)));
    }
  }
  const int before = rounds;
  EXPECT_NE(cluster_->WaitForLeader(), leader_);
  // Each of them opens, also those that failed before.
  for (const v2::EncryptResponse& object : cold) {
    EXPECT_TRUE(PollUntil([&] { return caller.Decrypt(object).ok(); }, std::chrono::minutes(2)));
  }
  EXPECT_TRUE(PollUntil([&] { return rounds >= before + 20; }, std::chrono::minutes(1)));
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace signet::testing

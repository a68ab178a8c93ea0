// The built signetd under load on an OpenBao cluster whose leader dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tests/integration/openbao/openbao_node.h"
#include "tests/testing/openbao_cluster.h"
#include "tests/testing/openbao_witness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::AnyOf;

constexpr size_t kObjects = 20;
// A tenth of what signetd waits for OpenBao's answer.
constexpr absl::Duration kSlow = absl::Milliseconds(250);
using Objects = std::array<std::vector<v2::EncryptResponse>, 3>;

class OpenBaoFailoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
    cluster_ = std::make_unique<OpenBaoCluster>(ca_);
    OpenBaoAdmin& admin = cluster_->admin();
    admin.Ensure("transit/keys/signet");
    admin.Ensure("sys/policies/acl/signet", {{"policy", TransitPolicy("signet")}});
    token_ =
        admin.Ensure("auth/token/create", {{"policies", {"signet"}}, {"ttl", "1h"}})["auth"]["client_token"];
    witness_ = std::make_unique<OpenBaoWitness>(*cluster_, "signet", token_);
  }
  std::unique_ptr<OpenBaoNode> StartNode(const std::string& top = "") {
    auto node = std::make_unique<OpenBaoNode>(cluster_->addresses(), cluster_->ca_file(), top);
    node->SetToken(token_);
    EXPECT_TRUE(node->Start().WaitUntilReady()) << node->daemon().Logs();
    return node;
  }

  // Thrice kObjects, made by `node` in direct mode.
  static Objects MakeObjects(const OpenBaoNode& node) {
    KmsCaller caller = node.Caller();
    Objects objects;
    for (std::vector<v2::EncryptResponse>& part : objects) {
      // A busy machine may need longer for one than signetd waits.
      EXPECT_TRUE(PollUntil(
          [&] {
            absl::StatusOr<v2::EncryptResponse> object = caller.Encrypt("cold");
            if (object.ok()) part.push_back(*std::move(object));
            return part.size() == kObjects;
          },
          kOpenBaoPatience));
    }
    return objects;
  }
  static void ExpectUnavailable(const absl::Status& status) {
    EXPECT_THAT(status, AnyOf(StatusIs(absl::StatusCode::kUnavailable),
                              StatusIs(absl::StatusCode::kDeadlineExceeded)));
  }
  // Tries again only when one leader did not last for the whole call, or when OpenBao or the machine was too
  // busy for others as well.
  void ExpectOpensWhileThereIsALeader(KmsCaller& caller, const v2::EncryptResponse& object) {
    absl::Time leads_since;
    absl::Duration slowest;
    absl::StatusOr<std::string> answer;
    EXPECT_TRUE(PollUntil(
        [&] {
          leads_since = cluster_->LeadsSince();
          const MonotonicTime start = SystemClock().Monotonic();
          answer = caller.Decrypt(object);
          if (answer.ok()) return true;
          ExpectUnavailable(answer.status());
          slowest = witness_->SlowestSince(start);
          return cluster_->LeadsSince() == leads_since && slowest < kSlow;
        },
        kOpenBaoPatience));
    EXPECT_THAT(answer, IsOk()) << "though a node leads since " << leads_since
                                << " and others waited no longer than " << slowest;
  }

  TestCa ca_;
  std::unique_ptr<OpenBaoCluster> cluster_;
  std::string token_;
  std::unique_ptr<OpenBaoWitness> witness_;
};

TEST_F(OpenBaoFailoverTest, FailsNoEncryptAndNoCachedDecryptAndColdOnesOnlyWithoutALeader) {
  // One local key per object, so each object is cold for the other node.
  const std::unique_ptr<OpenBaoNode> direct = StartNode("mode: direct\n");
  const std::unique_ptr<OpenBaoNode> node = StartNode();
  KmsCaller caller = node->Caller();
  const Objects cold = MakeObjects(*direct);
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse cached, caller.Encrypt("cached"));

  std::atomic<bool> done = false;
  std::atomic<int> rounds = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      KmsCaller own = node->Caller();
      // The pause leaves the machine to OpenBao, whose answers signetd waits for 2.5 s.
      do {
        EXPECT_THAT(own.Encrypt("seed"), IsOk());
        EXPECT_THAT(own.Decrypt(cached), IsOk());
        ++rounds;
      } while (!PollUntil([&] { return done.load(); }, std::chrono::milliseconds(1)));
    });
  }
  EXPECT_TRUE(PollUntil([&] { return rounds >= 20; }, kOpenBaoPatience));
  for (const v2::EncryptResponse& object : cold[0]) ExpectOpensWhileThereIsALeader(caller, object);

  const absl::Time killed = cluster_->KillLeader();
  const int rounds_before = rounds;
  int refused = 0;
  for (const v2::EncryptResponse& object : cold[1]) {
    const absl::StatusOr<std::string> answer = caller.Decrypt(object);
    if (answer.ok()) continue;
    ++refused;
    ExpectUnavailable(answer.status());
  }
  EXPECT_GT(cluster_->LeadsSince(), killed) << "another node led when this one was killed";
  // Each of them opens, also those that failed before.
  for (const v2::EncryptResponse& object : cold[1]) {
    EXPECT_TRUE(PollUntil([&] { return caller.Decrypt(object).ok(); }, kOpenBaoPatience));
  }
  for (const v2::EncryptResponse& object : cold[2]) ExpectOpensWhileThereIsALeader(caller, object);
  EXPECT_TRUE(PollUntil([&] { return rounds >= rounds_before + 20; }, kOpenBaoPatience));
  done = true;
  for (std::thread& thread : threads) thread.join();
  RecordProperty("cold_decrypts_refused_without_a_leader", refused);
}

}  // namespace
}  // namespace signet::testing

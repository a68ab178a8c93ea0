// The built signetd on an OpenBao that is slow and takes few requests: 100 ms for an answer, a rate limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "kms_client/http/curl_transport.h"
#include "tests/integration/openbao/openbao_node.h"
#include "tests/testing/faulty_front.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::AnyOf;

constexpr size_t kWriters = 5;
constexpr size_t kSeedsOfEach = 200;
constexpr size_t kCallers = 20;

struct Seed {
  std::string plaintext;
  v2::EncryptResponse stored;
};

class OpenBaoLimitedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
    server_ = std::make_unique<OpenBaoServer>();
    server_->admin().Write("transit/keys/signet");
    token_ = server_->CreateToken("signet", TransitPolicy("signet"), "1h");
    kms::HttpSettings http;
    http.allow_plain_http = true;
    http.connect_timeout = http.total_timeout = absl::Minutes(1);
    transport_ = kms::MakeCurlTransport(http, SystemClock());
    front_ = std::make_unique<FaultyFront>(
        [this](const LoopbackRequest& request) { return Forward(*transport_, server_->address(), request); });
  }
  void LimitRequestsPerSecond(int rate) {
    server_->admin().Write("sys/quotas/rate-limit/signet", {{"path", "transit/"}, {"rate", rate}});
  }
  std::unique_ptr<OpenBaoNode> StartNode(const std::string& address) {
    auto node = std::make_unique<OpenBaoNode>(std::vector<std::string>{address});
    node->SetToken(token_);
    EXPECT_TRUE(node->Start().WaitUntilReady()) << node->daemon().Logs();
    return node;
  }
  // Each under a local key of its own, as the nodes of a cluster have them.
  std::vector<Seed> WriteSeeds() {
    std::vector<Seed> seeds;
    for (size_t writer = 0; writer < kWriters; ++writer) {
      const std::unique_ptr<OpenBaoNode> node = StartNode(server_->address());
      KmsCaller caller = node->Caller();
      for (size_t i = 0; i < kSeedsOfEach; ++i) {
        const std::string plaintext = absl::StrCat("seed ", writer, " ", i);
        absl::StatusOr<v2::EncryptResponse> stored = caller.Encrypt(plaintext);
        EXPECT_THAT(stored, IsOk());
        if (stored.ok()) seeds.push_back({plaintext, *std::move(stored)});
      }
    }
    return seeds;
  }

  std::unique_ptr<OpenBaoServer> server_;
  std::string token_;
  std::unique_ptr<kms::HttpTransport> transport_;
  std::unique_ptr<FaultyFront> front_;
};

// Calls `body` for every seed, many at a time.
template <typename Body>
void ForEach(const std::vector<Seed>& seeds, Body body) {
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&seeds, body, caller] {
      for (size_t i = caller; i < seeds.size(); i += kCallers) body(seeds[i]);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(OpenBaoLimitedTest, AThousandSeedsAreReadAtAStartAndLimitsAreNeverSeenOnceTheyAreCached) {
  const std::vector<Seed> seeds = WriteSeeds();
  ASSERT_EQ(seeds.size(), kWriters * kSeedsOfEach);
  front_->Break(LoopbackFault::kSlow);
  const std::unique_ptr<OpenBaoNode> node = StartNode(front_->url());
  LimitRequestsPerSecond(2);
  KmsCaller caller = node->Caller();
  ForEach(seeds, [&caller](const Seed& seed) {
    // kube-apiserver asks again as well; what it is told meanwhile is that it may.
    EXPECT_TRUE(PollUntil(
        [&] {
          const absl::StatusOr<std::string> answer = caller.Decrypt(seed.stored);
          if (answer.ok()) {
            EXPECT_EQ(*answer, seed.plaintext);
            return true;
          }
          EXPECT_THAT(answer, AnyOf(StatusIs(absl::StatusCode::kResourceExhausted),
                                    StatusIs(absl::StatusCode::kUnavailable),
                                    StatusIs(absl::StatusCode::kDeadlineExceeded)));
          return false;
        },
        std::chrono::minutes(2)));
  });

  // The limit is used up by somebody else: every request is refused now.
  LimitRequestsPerSecond(1);
  std::atomic<bool> done = false;
  std::thread others([&] {
    nlohmann::json answer;
    OpenBaoAdmin admin(server_->address(), "");
    while (!done) admin.Try(kms::HttpMethod::kGet, "transit/keys/signet", {}, answer);
  });
  ForEach(seeds, [&caller](const Seed& seed) {
    const absl::StatusOr<std::string> answer = caller.Decrypt(seed.stored);
    EXPECT_THAT(answer, IsOk());
    if (answer.ok()) {
      EXPECT_EQ(*answer, seed.plaintext);
    }
    EXPECT_THAT(caller.Encrypt("another"), IsOk());
  });
  done = true;
  others.join();
}

}  // namespace
}  // namespace signet::testing

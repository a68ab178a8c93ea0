// The built signetd on a fake Alibaba Cloud that is slow and takes few requests: 100 ms for an answer, a rate
// limit, both by a front before it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "kms_client/http/curl_transport.h"
#include "tests/integration/alibaba/alibaba_node.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/faulty_front.h"
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

// Lets through so many requests in a second and no more. Thread-safe.
class RateLimit {
 public:
  explicit RateLimit(size_t rate) : rate_(rate) {}

  std::optional<LoopbackReply> operator()() {
    MutexLock lock(mutex_);
    const MonotonicTime now = SystemClock().Monotonic();
    if (now >= ends_) {
      ends_ = now + absl::Seconds(1);
      passed_ = 0;
    }
    if (passed_++ < rate_) return std::nullopt;
    return LoopbackReply{.status = 429,
                         .headers = {"x-acs-retry-after: 1000", "Content-Type: application/json"},
                         .body = R"({"HttpStatus":429,"Code":"Rejected.Throttling","RequestId":"1"})"};
  }

 private:
  const size_t rate_;
  Mutex mutex_;
  MonotonicTime ends_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  size_t passed_ ABSL_GUARDED_BY(mutex_) = 0;
};

class AlibabaLimitedTest : public ::testing::Test {
 protected:
  AlibabaLimitedTest()
      : transport_(kms::MakeCurlTransport(PatientHttp(), SystemClock())),
        front_(
            [this](const LoopbackRequest& request) { return Forward(*transport_, cloud_.url(), request); }) {
    cloud_.CreateKey(AlibabaNode::kKey);
  }
  ~AlibabaLimitedTest() override { EXPECT_EQ(cloud_.Look().at("complaints"), nlohmann::json::array()); }

  static kms::HttpSettings PatientHttp() {
    kms::HttpSettings http;
    http.allow_plain_http = true;
    http.connect_timeout = http.total_timeout = absl::Minutes(1);
    return http;
  }
  static std::unique_ptr<AlibabaNode> StartNode(const std::string& endpoint) {
    auto node = std::make_unique<AlibabaNode>(AlibabaNode::Options{.endpoint = endpoint});
    node->Start();
    EXPECT_TRUE(node->BecomesReady()) << node->daemon().Logs();
    return node;
  }
  // Each under a local key of its own, as the nodes of a cluster have them.
  std::vector<Seed> WriteSeeds() const {
    std::vector<Seed> seeds;
    for (size_t writer = 0; writer < kWriters; ++writer) {
      const std::unique_ptr<AlibabaNode> node = StartNode(cloud_.url());
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

  FakeAlibaba cloud_;
  std::unique_ptr<kms::HttpTransport> transport_;
  FaultyFront front_;
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

TEST_F(AlibabaLimitedTest, AThousandSeedsAreReadAtAStartAndLimitsAreNeverSeenOnceTheyAreCached) {
  const std::vector<Seed> seeds = WriteSeeds();
  ASSERT_EQ(seeds.size(), kWriters * kSeedsOfEach);
  // Older than the node, which asks to its end.
  RateLimit two_a_second(2);
  RateLimit none(0);
  front_.Break(LoopbackFault::kSlow);
  const std::unique_ptr<AlibabaNode> node = StartNode(front_.url());
  front_.Set([&two_a_second](const LoopbackRequest&) { return two_a_second(); });
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
        std::chrono::minutes(4)));
  });

  // The limit is used up by somebody else: every request is refused now.
  front_.Set([&none](const LoopbackRequest&) { return none(); });
  ForEach(seeds, [&caller](const Seed& seed) {
    const absl::StatusOr<std::string> answer = caller.Decrypt(seed.stored);
    EXPECT_THAT(answer, IsOk());
    if (answer.ok()) {
      EXPECT_EQ(*answer, seed.plaintext);
    }
    EXPECT_THAT(caller.Encrypt("another"), IsOk());
  });
}

}  // namespace
}  // namespace signet::testing

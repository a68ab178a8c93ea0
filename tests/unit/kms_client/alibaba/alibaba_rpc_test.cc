// What an endpoint is sent, and what is sent once more, against an endpoint in memory.
#include "kms_client/alibaba/alibaba_rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "crypto/random.h"
#include "kms_client/alibaba/alibaba_codec.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_http_transport.h"
#include "tests/testing/fixed_random.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using testing::FakeHttpTransport;
using testing::MakeResponse;
using testing::SeenRequest;
using ::testing::StartsWith;

constexpr char kKey[] = "key-hzz0000000000000001";

HttpResponse Refusal(const std::string& code, absl::Time now) {
  return MakeResponse(400, absl::StrCat(R"({"Code":")", code, R"(","RequestId":"1"})"),
                      absl::FormatTime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n", now, absl::UTCTimeZone()));
}

class AlibabaRpcTest : public ::testing::Test {
 protected:
  AlibabaRpcTest() {
    key_.id = "LTAI.test";
    key_.secret = crypto::SensitiveString(std::string("secret"));
  }

  AlibabaRpc& Connect(FakeHttpTransport::Handler handler, const std::string& endpoint = "https://kms.example",
                      AlibabaSignature signature = AlibabaSignature::kAcs3) {
    auto transport = std::make_unique<FakeHttpTransport>(std::move(handler));
    transport_ = transport.get();
    rpc_ =
        std::make_unique<AlibabaRpc>("alibaba", endpoint, signature, std::move(transport), clock_, random_);
    return *rpc_;
  }
  // The HTTP status of a DescribeKey.
  int Ask() {
    const absl::StatusOr<AlibabaAnswer> answer =
        rpc_->Call(EncodeAlibabaKeyRequest("DescribeKey", kKey), &key_, {});
    EXPECT_THAT(answer, testing::IsOk());
    return answer.ok() ? answer->status : 0;
  }

  testing::FakeClock clock_;
  testing::FixedRandom random_{0x42};
  AlibabaAccessKey key_;
  std::unique_ptr<AlibabaRpc> rpc_;
  FakeHttpTransport* transport_ = nullptr;
};

// An endpoint whose clock is two hours ahead of ours, and which answers the first `together` requests only
// when all of them are there.
class ClockEndpoint {
 public:
  ClockEndpoint(const Clock& clock, int together) : now_(clock.Wall() + absl::Hours(2)), missing_(together) {}

  HttpResponse operator()(const SeenRequest& request) {
    {
      MutexLock lock(mutex_);
      if (missing_ > 0 && --missing_ == 0) all_there_.NotifyAll();
      while (missing_ > 0) all_there_.Wait(mutex_);
    }
    absl::Time date;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, request.headers.at("x-acs-date"), &date, nullptr));
    if (absl::AbsDuration(date - now_) <= absl::Minutes(15)) return MakeResponse(200, "{}");
    return Refusal("InvalidTimeStamp.Expired", now_);
  }

 private:
  const absl::Time now_;
  Mutex mutex_;
  CondVar all_there_;
  int missing_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(AlibabaRpcTest, EveryCallThatWasSignedWithTheWrongTimeIsSentAgain) {
  constexpr int kCalls = 4;
  ClockEndpoint endpoint(clock_, kCalls);
  Connect([&endpoint](const SeenRequest& request) { return endpoint(request); });
  std::vector<std::thread> callers;
  for (int i = 0; i < kCalls; ++i) callers.emplace_back([this] { EXPECT_EQ(Ask(), 200); });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(transport_->seen().size(), 2U * kCalls);
  // And nobody is refused any more.
  EXPECT_EQ(Ask(), 200);
  EXPECT_EQ(transport_->seen().size(), 2U * kCalls + 1);
}

TEST_F(AlibabaRpcTest, FollowsAClockThatIsPutRight) {
  ClockEndpoint endpoint(clock_, 1);
  Connect([&endpoint](const SeenRequest& request) { return endpoint(request); });
  EXPECT_EQ(Ask(), 200);
  clock_.JumpWall(absl::Hours(-3));
  EXPECT_EQ(Ask(), 200);
  EXPECT_EQ(transport_->seen().size(), 4U);
}

TEST_F(AlibabaRpcTest, ATimeThatIsRefusedAlthoughItIsTheEndpointsOwnIsNotSentAgain) {
  Connect([this](const SeenRequest&) { return Refusal("InvalidTimeStamp.Expired", clock_.Wall()); });
  EXPECT_EQ(Ask(), 400);
  EXPECT_EQ(transport_->seen().size(), 1U);
}

TEST_F(AlibabaRpcTest, ANonceThatWasSeenIsReplacedWhereTwiceDoesNoHarm) {
  Connect([this](const SeenRequest&) { return Refusal("SignatureNonceUsed", clock_.Wall()); });
  EXPECT_EQ(Ask(), 400);
  EXPECT_EQ(transport_->seen().size(), 2U);
}

// The request that had the nonce first may have been carried out.
TEST_F(AlibabaRpcTest, AVersionIsNotMadeTwice) {
  Connect([this](const SeenRequest&) { return Refusal("SignatureNonceUsed", clock_.Wall()); });
  ASSERT_THAT(rpc_->Call(EncodeAlibabaKeyRequest("CreateKeyVersion", kKey), &key_, {}), testing::IsOk());
  EXPECT_EQ(transport_->seen().size(), 1U);
  // A wrong time is told before anything is carried out.
  ClockEndpoint endpoint(clock_, 1);
  Connect([&endpoint](const SeenRequest& request) { return endpoint(request); });
  const absl::StatusOr<AlibabaAnswer> answer =
      rpc_->Call(EncodeAlibabaKeyRequest("CreateKeyVersion", kKey), &key_, {});
  ASSERT_THAT(answer, testing::IsOk());
  EXPECT_TRUE(answer->ok());
}

// Whatever stands before the port, the Host header that libcurl makes of the URL is the one that is signed.
TEST_F(AlibabaRpcTest, LeavesOutAPortThatIsTheSchemesOwn) {
  const auto sent = [this](const std::string& endpoint) {
    Connect([](const SeenRequest&) { return MakeResponse(200, "{}"); }, endpoint);
    EXPECT_EQ(Ask(), 200);
    return transport_->seen().at(0);
  };
  for (const auto& [given, same] : {std::pair("https://kms.example:443", "https://kms.example"),
                                    std::pair("http://127.0.0.1:80", "http://127.0.0.1")}) {
    const SeenRequest request = sent(given);
    EXPECT_THAT(request.url, StartsWith(absl::StrCat(same, "/?")));
    EXPECT_EQ(request.headers.at("authorization"), sent(same).headers.at("authorization"));
  }
  EXPECT_THAT(sent("https://kms.example:8443").url, StartsWith("https://kms.example:8443/?"));
  EXPECT_THAT(sent("https://kms.example:80").url, StartsWith("https://kms.example:80/?"));
}

}  // namespace
}  // namespace signet::kms

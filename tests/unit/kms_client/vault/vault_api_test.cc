#include "kms_client/vault/vault_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_http_transport.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::FakeHttpTransport;
using ::signet::testing::IsOk;
using ::signet::testing::MakeResponse;
using ::signet::testing::SeenRequest;
using ::signet::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VaultApiTest : public ::testing::Test {
 protected:
  explicit VaultApiTest(std::vector<std::string> addresses = {"https://a:1", "https://b:2", "https://c:3"}) {
    auto transport =
        std::make_unique<FakeHttpTransport>([this](const SeenRequest& request) { return answer_(request); });
    transport_ = transport.get();
    api_ = std::make_unique<VaultApi>(std::move(addresses), "team-1", std::move(transport), clock_);
  }
  static VaultRequest Post() {
    VaultRequest request;
    request.operation = "vault test";
    request.method = HttpMethod::kPost;
    request.path = "transit/encrypt/k";
    request.token = "s.token";
    request.body = crypto::SensitiveString("{\"a\":1}");
    return request;
  }
  std::vector<std::string> Urls() const {
    std::vector<std::string> urls;
    for (const SeenRequest& request : transport_->seen()) urls.push_back(request.url);
    return urls;
  }

  FakeClock clock_;
  FakeHttpTransport::Handler answer_ = [](const SeenRequest&) { return MakeResponse(200, "{}"); };
  FakeHttpTransport* transport_;
  std::unique_ptr<VaultApi> api_;
};

TEST_F(VaultApiTest, SendsTokenNamespaceAndUid) {
  CallContext call;
  call.uid = "6b1f2f04-0000";
  ASSERT_THAT(api_->Call(Post(), call), IsOk());
  const SeenRequest seen = transport_->seen().at(0);
  EXPECT_EQ(seen.url, "https://a:1/v1/transit/encrypt/k");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, "{\"a\":1}");
  EXPECT_EQ(seen.headers.at("x-vault-token"), "s.token");
  EXPECT_EQ(seen.headers.at("x-vault-namespace"), "team-1");
  EXPECT_EQ(seen.headers.at("x-vault-request"), "true");
  EXPECT_EQ(seen.headers.at("x-signet-uid"), "6b1f2f04-0000");
}

TEST_F(VaultApiTest, SendsNoUidThatIsNoUid) {
  for (const std::string& uid :
       {std::string(), std::string("a b"), std::string("a\r\nX-Evil: 1"), std::string(65, 'a')}) {
    CallContext call;
    call.uid = uid;
    ASSERT_THAT(api_->Call(Post(), call), IsOk());
    EXPECT_EQ(transport_->seen().back().headers.count("x-signet-uid"), 0U) << uid;
  }
}

TEST_F(VaultApiTest, GoesOnToTheNextNodeAndStaysThere) {
  answer_ = [](const SeenRequest& request) -> absl::StatusOr<HttpResponse> {
    if (request.url.find("//a:1") != std::string::npos) return absl::UnavailableError("refused");
    if (request.url.find("//b:2") != std::string::npos) return MakeResponse(503, R"({"errors":["sealed"]})");
    return MakeResponse(200, "{}");
  };
  ASSERT_THAT(api_->Call(Post(), {}), IsOk());
  ASSERT_THAT(api_->Call(Post(), {}), IsOk());
  EXPECT_THAT(Urls(),
              ElementsAre(HasSubstr("//a:1"), HasSubstr("//b:2"), HasSubstr("//c:3"), HasSubstr("//c:3")));
}

TEST_F(VaultApiTest, AnswersOfTheVaultItselfAreNotTakenElsewhere) {
  for (const int status : {200, 204, 400, 403, 404, 412, 429}) {
    answer_ = [status](const SeenRequest&) { return MakeResponse(status, "{}"); };
    const size_t before = transport_->seen().size();
    ASSERT_OK_AND_ASSIGN(const VaultAnswer answer, api_->Call(Post(), {}));
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(transport_->seen().size(), before + 1) << status;
  }
}

TEST_F(VaultApiTest, AllNodesDownIsUnreachable) {
  answer_ = [](const SeenRequest&) { return absl::UnavailableError("refused"); };
  const absl::Status status = api_->Call(Post(), {}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  EXPECT_EQ(transport_->seen().size(), 3U);
}

TEST_F(VaultApiTest, ARequestThatMayHaveArrivedIsNotRepeatedElsewhere) {
  answer_ = [](const SeenRequest&) { return absl::UnavailableError("cut short"); };
  VaultRequest request = Post();
  request.may_repeat = false;
  EXPECT_THAT(api_->Call(request, {}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(transport_->seen().size(), 1U);
}

TEST_F(VaultApiTest, AHungNodeLeavesHalfOfTheTimeToTheNext) {
  CallContext call;
  const MonotonicTime start = clock_.Monotonic();
  call.deadline = start + absl::Seconds(8);
  answer_ = [](const SeenRequest&) { return absl::DeadlineExceededError("no answer in time"); };
  EXPECT_THAT(api_->Call(Post(), call), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(transport_->deadlines(),
              ElementsAre(start + absl::Seconds(4), start + absl::Seconds(4), start + absl::Seconds(8)));
}

TEST_F(VaultApiTest, CancellationEndsTheSearch) {
  answer_ = [](const SeenRequest&) { return absl::CancelledError("gone"); };
  EXPECT_THAT(api_->Call(Post(), {}), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(transport_->seen().size(), 1U);
}

TEST_F(VaultApiTest, FollowsARedirectToAConfiguredNode) {
  answer_ = [](const SeenRequest& request) {
    if (request.url.find("//a:1") == std::string::npos) return MakeResponse(200, "{}");
    return MakeResponse(307, "", "Location: https://c:3/v1/transit/encrypt/k\r\n");
  };
  ASSERT_THAT(api_->Call(Post(), {}), IsOk());
  EXPECT_THAT(Urls(), ElementsAre(HasSubstr("//a:1"), "https://c:3/v1/transit/encrypt/k"));
  EXPECT_EQ(transport_->seen().at(1).headers.at("x-vault-token"), "s.token");
  EXPECT_EQ(transport_->seen().at(1).body, "{\"a\":1}");
}

TEST_F(VaultApiTest, GivesTheTokenToNobodyElse) {
  for (const char* location : {"https://evil:3/v1/x", "http://c:3/v1/x", "https://c:33/v1/x", "//c:3/v1/x",
                               "https://c:3.evil/v1/x", "https://c:3@evil/v1/x", "/v1/x", ""}) {
    answer_ = [&](const SeenRequest& request) {
      EXPECT_NE(request.url.find("https://"), std::string::npos);
      return MakeResponse(307, "", absl::StrCat("Location: ", location, "\r\n"));
    };
    EXPECT_THAT(api_->Call(Post(), {}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not configured")))
        << location;
  }
  for (const std::string& url : Urls()) EXPECT_THAT(url, HasSubstr("/v1/transit/encrypt/k"));
}

TEST_F(VaultApiTest, EndsACircleOfRedirects) {
  answer_ = [](const SeenRequest&) { return MakeResponse(307, "", "Location: https://b:2/v1/x\r\n"); };
  EXPECT_THAT(api_->Call(Post(), {}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("circle")));
}

TEST_F(VaultApiTest, ReadsRetryAfter) {
  answer_ = [](const SeenRequest&) { return MakeResponse(429, "", "retry-after:7\r\n"); };
  ASSERT_OK_AND_ASSIGN(const VaultAnswer answer, api_->Call(Post(), {}));
  EXPECT_EQ(answer.retry_after, absl::Seconds(7));
}

}  // namespace
}  // namespace signet::kms

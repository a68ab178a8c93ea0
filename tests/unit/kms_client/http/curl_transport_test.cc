#include "kms_client/http/curl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "kms_client/http/http_library.h"
#include "tests/testing/loopback_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::LoopbackFault;
using ::signet::testing::LoopbackReply;
using ::signet::testing::LoopbackRequest;
using ::signet::testing::LoopbackServer;
using ::signet::testing::PollUntil;
using ::signet::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

constexpr absl::string_view kSecret = "hush-hush";

// The process's proxy variables for one test, whatever they were before; not put back: nothing else needs
// them.
class ProxyEnvironment {
 public:
  explicit ProxyEnvironment(const std::string& url) {
    for (const char* name : {"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) ::unsetenv(name);
    EXPECT_EQ(::setenv("http_proxy", url.c_str(), 1), 0);
  }
  ~ProxyEnvironment() { ::unsetenv("http_proxy"); }
  ProxyEnvironment(const ProxyEnvironment&) = delete;
  ProxyEnvironment& operator=(const ProxyEnvironment&) = delete;
};

class CurlTransportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_THAT(InitializeHttpLibrary(), IsOk()); }

  static std::unique_ptr<HttpTransport> Make(HttpSettings settings = Patient()) {
    settings.allow_plain_http = true;
    return MakeCurlTransport(std::move(settings), SystemClock());
  }
  // Generous own limits, so that only what the test is about can end the call.
  static HttpSettings Patient() {
    HttpSettings settings;
    settings.connect_timeout = settings.total_timeout = absl::Minutes(10);
    return settings;
  }
  static HttpRequest Post(const LoopbackServer& server, absl::string_view body = "{}") {
    HttpRequest request;
    request.operation = "test call";
    request.method = HttpMethod::kPost;
    request.SetUrl(absl::StrCat(server.url(), "/v1/path?query=", kSecret));
    request.AddHeader("X-Token", kSecret);
    request.body = crypto::SensitiveString(std::string(body));
    return request;
  }
  static CallContext In(absl::Duration duration) {
    CallContext call;
    call.deadline = SystemClock().Monotonic() + duration;
    return call;
  }
};

TEST_F(CurlTransportTest, SendsWhatItIsGivenAndReturnsWhatIsAnswered) {
  LoopbackServer server([](const LoopbackRequest&) {
    return LoopbackReply{.status = 201, .headers = {"X-Request-Id: 7"}, .body = "answer"};
  });
  const auto transport = Make();
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, transport->Send(Post(server, "{\"a\":1}"), {}));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body.Expose(), "answer");
  EXPECT_THAT(response.Header("x-request-id"), Optional(absl::string_view("7")));
  const LoopbackRequest request = server.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, absl::StrCat("/v1/path?query=", kSecret));
  EXPECT_EQ(request.headers.at("x-token"), kSecret);
  EXPECT_EQ(request.body, "{\"a\":1}");
  EXPECT_EQ(request.headers.count("expect"), 0U);
}

TEST_F(CurlTransportTest, SendsEachMethodWithItsBody) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{}; });
  const auto transport = Make();
  for (const HttpMethod method :
       {HttpMethod::kGet, HttpMethod::kPost, HttpMethod::kPut, HttpMethod::kDelete, HttpMethod::kGet}) {
    HttpRequest request = Post(server, method == HttpMethod::kPut ? "x" : "");
    request.method = method;
    ASSERT_THAT(transport->Send(request, {}), IsOk());
  }
  std::vector<std::string> seen;
  for (const LoopbackRequest& request : server.requests()) {
    const auto length = request.headers.find("content-length");
    seen.push_back(
        absl::StrCat(request.method, " ", length == request.headers.end() ? "none" : length->second));
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("GET none", "POST 0", "PUT 1", "DELETE none", "GET none"));
}

TEST_F(CurlTransportTest, TakesAnErrorStatusForAnAnswer) {
  LoopbackServer server(
      [](const LoopbackRequest&) { return LoopbackReply{.status = 503, .body = "sealed"}; });
  const auto transport = Make();
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, transport->Send(Post(server), {}));
  EXPECT_EQ(response.status, 503);
}

TEST_F(CurlTransportTest, DoesNotFollowRedirects) {
  LoopbackServer server([](const LoopbackRequest&) {
    return LoopbackReply{.status = 307, .headers = {"Location: /elsewhere"}};
  });
  const auto transport = Make();
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, transport->Send(Post(server), {}));
  EXPECT_EQ(response.status, 307);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(CurlTransportTest, UsesOneConnectionForCallsThatFollowEachOther) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{}; });
  const auto transport = Make();
  for (int i = 0; i < 20; ++i) ASSERT_THAT(transport->Send(Post(server), {}), IsOk());
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(CurlTransportTest, KeepsAsManyIdleConnectionsAsItMay) {
  std::atomic<int> inside = 0;
  LoopbackServer server([&](const LoopbackRequest&) {
    ++inside;
    EXPECT_TRUE(PollUntil([&] { return inside.load() >= 4; }));
    return LoopbackReply{};
  });
  HttpSettings settings = Patient();
  settings.max_idle_connections = 2;
  const auto transport = Make(settings);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_THAT(transport->Send(Post(server), {}), IsOk()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.connections(), 4U);
  EXPECT_TRUE(PollUntil([&] { return server.open_connections() == 2; }));
}

TEST_F(CurlTransportTest, SendsAgainWhenTheServerHadClosedAKeptConnection) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.close_after = true}; });
  const auto transport = Make();
  for (int i = 0; i < 5; ++i) ASSERT_THAT(transport->Send(Post(server), {}), IsOk()) << i;
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST_F(CurlTransportTest, ServesManyThreads) {
  LoopbackServer server([](const LoopbackRequest& request) { return LoopbackReply{.body = request.body}; });
  const auto transport = Make(Patient());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        const std::string body = absl::StrCat("thread ", i, " call ", j);
        const absl::StatusOr<HttpResponse> response = transport->Send(Post(server, body), {});
        ASSERT_THAT(response, IsOk());
        EXPECT_EQ(response->body.Expose(), body);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server.connections(), 8U * 50U / 4);
}

TEST_F(CurlTransportTest, EndsAHungCallAtTheDeadline) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.fault = LoopbackFault::kHang}; });
  const auto transport = Make(Patient());
  EXPECT_THAT(transport->Send(Post(server), In(absl::Milliseconds(50))),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(CurlTransportTest, AHungCallOnAKeptConnectionIsNotTakenForOneWithoutAConnection) {
  std::atomic<bool> hang = false;
  LoopbackServer server([&](const LoopbackRequest&) {
    return LoopbackReply{.fault = hang ? LoopbackFault::kHang : LoopbackFault::kNone};
  });
  HttpSettings settings = Patient();
  settings.connect_timeout = absl::Minutes(1);
  const auto transport = Make(settings);
  ASSERT_THAT(transport->Send(Post(server), {}), IsOk());
  hang = true;
  EXPECT_THAT(transport->Send(Post(server), In(absl::Seconds(1))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("no answer in time")));
  EXPECT_EQ(server.connections(), 1U);
}

// libcurl counts the TLS handshake to the time to connect, too. Here the kernel accepts, and nobody answers.
TEST_F(CurlTransportTest, AHandshakeThatHangsToTheConnectLimitLeavesTheCallerItsTime) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  HttpSettings settings = Patient();
  settings.connect_timeout = absl::Milliseconds(50);
  const auto transport = Make(settings);
  HttpRequest request;
  request.SetUrl(absl::StrCat("https://127.0.0.1:", ntohs(address.sin_port), "/"));
  EXPECT_THAT(transport->Send(request, In(absl::Minutes(1))),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no connection in time")));
}

TEST_F(CurlTransportTest, WhatMustNotBeDoneTwiceGoesOverAConnectionOfItsOwn) {
  std::atomic<bool> dies = false;
  LoopbackServer server([&](const LoopbackRequest&) {
    return LoopbackReply{.fault = dies ? LoopbackFault::kCloseSilent : LoopbackFault::kNone};
  });
  const auto transport = Make();
  ASSERT_THAT(transport->Send(Post(server), {}), IsOk());
  dies = true;
  HttpRequest request = Post(server);
  request.fresh_connection = true;
  EXPECT_THAT(transport->Send(request, {}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(CurlTransportTest, EndsACallThatHangsInTheBodyAtTheDeadline) {
  LoopbackServer server([](const LoopbackRequest&) {
    return LoopbackReply{.body = "half of this", .fault = LoopbackFault::kHangInBody};
  });
  const auto transport = Make(Patient());
  EXPECT_THAT(transport->Send(Post(server), In(absl::Milliseconds(50))),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(CurlTransportTest, EndsAHungCallAtItsOwnLimitAsUnavailable) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.fault = LoopbackFault::kHang}; });
  HttpSettings settings;
  settings.total_timeout = absl::Milliseconds(50);
  const auto transport = Make(settings);
  EXPECT_THAT(transport->Send(Post(server), In(absl::Minutes(1))), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(CurlTransportTest, RefusesToBeginAfterTheDeadline) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{}; });
  const auto transport = Make();
  EXPECT_THAT(transport->Send(Post(server), In(-absl::Seconds(1))),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CurlTransportTest, CancellationFreesAHungCall) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.fault = LoopbackFault::kHang}; });
  const auto transport = Make(Patient());
  CallContext call;
  call.cancellation = std::make_shared<CancellationToken>();
  std::thread caller(
      [&] { EXPECT_THAT(transport->Send(Post(server), call), StatusIs(absl::StatusCode::kCancelled)); });
  EXPECT_TRUE(PollUntil([&] { return server.requests().size() == 1; }));
  call.cancellation->Cancel();
  caller.join();
}

TEST_F(CurlTransportTest, ACancelledCallIsNeverSent) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{}; });
  const auto transport = Make();
  CallContext call;
  call.cancellation = std::make_shared<CancellationToken>();
  call.cancellation->Cancel();
  EXPECT_THAT(transport->Send(Post(server), call), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CurlTransportTest, RefusesAnAnswerThatIsTooLong) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.body = std::string(1001, 'x')}; });
  const auto transport = Make();
  HttpRequest request = Post(server);
  request.max_response_bytes = 1000;
  EXPECT_THAT(transport->Send(request, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("longer than 1000 bytes")));
  request.max_response_bytes = 1001;
  EXPECT_THAT(transport->Send(request, {}), IsOk());
}

TEST_F(CurlTransportTest, RefusesHeadersThatAreTooLong) {
  LoopbackServer server([](const LoopbackRequest&) {
    return LoopbackReply{.headers = std::vector<std::string>(50, "X-Long: " + std::string(1000, 'h'))};
  });
  const auto transport = Make();
  EXPECT_THAT(transport->Send(Post(server), {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("longer than")));
}

TEST_F(CurlTransportTest, ReportsBrokenAnswersAsUnavailable) {
  for (const LoopbackFault fault :
       {LoopbackFault::kCloseSilent, LoopbackFault::kTruncate, LoopbackFault::kGarbage}) {
    LoopbackServer server(
        [fault](const LoopbackRequest&) { return LoopbackReply{.body = "some body", .fault = fault}; });
    const auto transport = Make();
    EXPECT_THAT(transport->Send(Post(server), {}), StatusIs(absl::StatusCode::kUnavailable))
        << static_cast<int>(fault);
  }
}

TEST_F(CurlTransportTest, SaysWhereItCannotConnectAndNothingOfTheRequest) {
  const auto transport = Make();
  HttpRequest request;
  request.operation = "test call";
  // Nobody listens on port 1.
  request.SetUrl(absl::StrCat("http://127.0.0.1:1/path-", kSecret, "?query=", kSecret));
  request.AddHeader("X-Token", kSecret);
  EXPECT_THAT(transport->Send(request, {}),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("test call: 127.0.0.1:1"), HasSubstr("connection refused"),
                             Not(HasSubstr(std::string(kSecret))))));
}

TEST_F(CurlTransportTest, RefusesUrlsThatItMayNotCall) {
  const auto transport = MakeCurlTransport({}, SystemClock());
  for (const char* url :
       {"http://127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "", "https://", "::"}) {
    HttpRequest request;
    request.SetUrl(url);
    EXPECT_THAT(transport->Send(request, {}), StatusIs(absl::StatusCode::kInvalidArgument)) << url;
  }
}

TEST_F(CurlTransportTest, RefusesAHeaderThatWouldBeginAnother) {
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{}; });
  const auto transport = Make();
  HttpRequest request = Post(server);
  request.AddHeader("X-Uid", "a\r\nX-Evil: 1");
  EXPECT_THAT(transport->Send(request, {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(CurlTransportTest, GoesThroughTheProxyThatIsSetAndNoOther) {
  LoopbackServer proxy([](const LoopbackRequest& request) { return LoopbackReply{.body = request.target}; });
  LoopbackServer server([](const LoopbackRequest&) { return LoopbackReply{.body = "direct"}; });
  const ProxyEnvironment environment(proxy.url());
  HttpSettings settings = Patient();
  ASSERT_OK_AND_ASSIGN(HttpResponse response, Make(settings)->Send(Post(server), {}));
  EXPECT_EQ(response.body.Expose(), "direct");
  settings.proxy.from_environment = true;
  ASSERT_OK_AND_ASSIGN(response, Make(settings)->Send(Post(server), {}));
  EXPECT_THAT(response.body.Expose(), HasSubstr(server.url()));
  settings.proxy = ProxySettings();
  settings.proxy.url = proxy.url();
  ASSERT_OK_AND_ASSIGN(response, Make(settings)->Send(Post(server), {}));
  EXPECT_THAT(response.body.Expose(), HasSubstr(server.url()));
  settings.proxy.no_proxy = "example.com,127.0.0.0/8";
  ASSERT_OK_AND_ASSIGN(response, Make(settings)->Send(Post(server), {}));
  EXPECT_EQ(response.body.Expose(), "direct");
}

}  // namespace
}  // namespace signet::kms

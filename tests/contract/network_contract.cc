#include "tests/contract/network_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "kms_client/retry_after.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using kms::FailureClass;
using kms::GetFailureClass;
using ::testing::HasSubstr;
using ::testing::Not;
using Access = NetworkBackend::Access;

// Stands in whatever a front answers by itself; never to be seen again.
constexpr char kMarker[] = "text-of-somebody-else";

crypto::SecretBytes Plaintext() {
  absl::StatusOr<crypto::SecretBytes> bytes = crypto::SecretBytes::Create(32);
  if (!bytes.ok()) std::abort();
  std::fill(bytes->ExposeMutable().begin(), bytes->ExposeMutable().end(), uint8_t{0x42});
  return *std::move(bytes);
}

LoopbackReply Json(int status, std::string body) {
  return {.status = status, .headers = {"Content-Type: application/json"}, .body = std::move(body)};
}

}  // namespace

std::string NetworkName(const ::testing::TestParamInfo<NetworkParam>& info) { return info.param.name; }

void KmsNetworkContract::SetUp() {
  backend_ = GetParam().make();
  if (backend_ == nullptr) GTEST_SKIP() << "the real thing is not here";
  front_ = std::make_unique<FaultyFront>(
      [this](const LoopbackRequest& request) { return backend_->Answer(request); });
  client_ = backend_->Connect(front_->url(), "", clock_);
  // So that what is tested is an operation and not a login.
  absl::StatusOr<kms::WrapResult> wrapped = Wrap();
  ASSERT_THAT(wrapped, IsOk());
  wrapped_ = *std::move(wrapped);
  ASSERT_NO_FATAL_FAILURE(ExpectAllWorks());
}

kms::CallContext KmsNetworkContract::CallFor(absl::Duration time_left) {
  kms::CallContext call;
  call.deadline = SystemClock().Monotonic() + time_left;
  return call;
}

kms::CallContext KmsNetworkContract::Call() { return CallFor(absl::Minutes(2)); }

absl::StatusOr<kms::WrapResult> KmsNetworkContract::Wrap(const kms::CallContext& call) {
  return client_->Wrap(call, Plaintext(), context_);
}

absl::Status KmsNetworkContract::Unwrap(const kms::CallContext& call) {
  const absl::StatusOr<kms::UnwrapResult> unwrapped =
      client_->Unwrap(call, wrapped_.backend_field, wrapped_.blob, context_);
  if (unwrapped.ok()) {
    EXPECT_TRUE(unwrapped->plaintext == Plaintext());
  }
  return unwrapped.status();
}

std::vector<absl::Status> KmsNetworkContract::Outcomes() { return {Describe(), Wrap().status(), Unwrap()}; }

void KmsNetworkContract::ExpectAllWorks() {
  for (const absl::Status& status : Outcomes()) EXPECT_THAT(status, IsOk());
}

void KmsNetworkContract::ExpectUnreachable() {
  for (const absl::Status& status : Outcomes()) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, Not(HasSubstr(kMarker))));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
  }
}

TEST_P(KmsNetworkContract, ASlowAnswerIsAnAnswer) {
  front_->Break(LoopbackFault::kSlow);
  ExpectAllWorks();
}

TEST_P(KmsNetworkContract, AHungKmsCostsNoMoreThanTheTimeLeft) {
  for (const LoopbackFault fault : {LoopbackFault::kHang, LoopbackFault::kHangInBody}) {
    front_->Break(fault);
    for (const absl::Status& status :
         {Describe(CallFor(absl::Milliseconds(200))), Wrap(CallFor(absl::Milliseconds(200))).status(),
          Unwrap(CallFor(absl::Milliseconds(200)))}) {
      EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded));
      EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
    }
    front_->Mend();
    ExpectAllWorks();
  }
}

TEST_P(KmsNetworkContract, CancellationFreesACallThatHangs) {
  front_->Break(LoopbackFault::kHang);
  const size_t before = front_->requests();
  kms::CallContext call = Call();
  call.cancellation = std::make_shared<CancellationToken>();
  std::thread caller([&] { EXPECT_THAT(Unwrap(call), StatusIs(absl::StatusCode::kCancelled)); });
  EXPECT_TRUE(PollUntil([&] { return front_->requests() > before; }));
  call.cancellation->Cancel();
  caller.join();
  front_->Mend();
  ExpectAllWorks();
}

TEST_P(KmsNetworkContract, ATruncatedAnswerIsUnreachable) {
  for (const LoopbackFault fault : {LoopbackFault::kTruncate, LoopbackFault::kCloseSilent}) {
    front_->Break(fault);
    ExpectUnreachable();
    front_->Mend();
    ExpectAllWorks();
  }
}

TEST_P(KmsNetworkContract, GarbageIsUnreachable) {
  front_->Break(LoopbackFault::kGarbage);
  ExpectUnreachable();
  front_->Mend();
  for (const std::string& body :
       {std::string(), std::string("\0\xFF\x16\x03", 4), std::string("null"), std::string("[]"),
        std::string("{}"), absl::StrCat("\"", kMarker, "\""),
        absl::StrCat("{\"data\":\"", kMarker, "\",\"auth\":[]}"),
        absl::StrCat("{\"KeyId\":7,\"Plaintext\":\"", kMarker, "\",\"CiphertextBlob\":{}}"),
        absl::StrCat("{\"", kMarker, "\":1"), std::string(30000, '[')}) {
    front_->AlwaysAnswer(Json(200, body));
    ExpectUnreachable();
  }
  front_->AlwaysAnswer(
      {.headers = {"Content-Type: text/html"}, .body = absl::StrCat("<p>", kMarker, "</p>")});
  ExpectUnreachable();
  front_->Mend();
  ExpectAllWorks();
}

TEST_P(KmsNetworkContract, AHugeAnswerIsRefusedUnread) {
  front_->AlwaysAnswer(Json(200, absl::StrCat("{\"data\":\"", std::string(size_t{4} << 20, 'x'), "\"}")));
  for (const absl::Status& status : Outcomes()) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
  }
  front_->Mend();
  ExpectAllWorks();
}

// 401, 403 and 404, too: here a gateway's or a load balancer's page says them, and nothing about our key.
TEST_P(KmsNetworkContract, AFailingKmsIsUnreachable) {
  for (const int status : {401, 403, 404, 500, 502, 503, 504}) {
    for (const char* const type : {"application/json", "text/html"}) {
      front_->AlwaysAnswer({.status = status,
                            .headers = {absl::StrCat("Content-Type: ", type)},
                            .body = absl::StrCat("<h1>", kMarker, "</h1>")});
      ExpectUnreachable();
    }
  }
}

TEST_P(KmsNetworkContract, ARedirectIsNotFollowed) {
  FaultyFront elsewhere([](const LoopbackRequest&) { return LoopbackReply{}; });
  for (const int status : {301, 302, 303, 307, 308}) {
    front_->AlwaysAnswer(
        {.status = status, .headers = {absl::StrCat("Location: ", elsewhere.url(), "/v1/")}});
    ExpectUnreachable();
  }
  EXPECT_EQ(elsewhere.requests(), 0U);
}

TEST_P(KmsNetworkContract, ThrottlingIsThrottling) {
  front_->AlwaysAnswer(backend_->Throttled());
  for (const absl::Status& status : Outcomes()) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kThrottled) << status;
    if (backend_->tells_when_to_retry()) {
      EXPECT_EQ(kms::GetRetryAfter(status), absl::Seconds(7));
    }
  }
}

TEST_P(KmsNetworkContract, AnUntrustedCertificateIsUnreachableAndGetsNoRequest) {
  TestCa trusted;
  TestCa other("Other CA");
  std::ofstream(folder_.File("ca.pem")) << trusted.pem();
  const auto behind = [this](const LoopbackRequest& request) { return backend_->Answer(request); };
  for (const PemPair& pair : {other.Issue("kms", "IP:127.0.0.1"), trusted.Issue("kms", "IP:127.0.0.1", -1),
                              trusted.Issue("kms", "DNS:elsewhere.example")}) {
    const FaultyFront front(behind, {.certificate = pair});
    client_ = backend_->Connect(front.url(), folder_.File("ca.pem"), clock_);
    for (const absl::Status& status : Outcomes()) {
      EXPECT_THAT(status,
                  StatusIs(absl::StatusCode::kUnavailable, HasSubstr("TLS: certificate not trusted")));
      EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
    }
    EXPECT_EQ(front.requests(), 0U);
  }
  const FaultyFront front(behind, {.certificate = trusted.Issue("kms", "IP:127.0.0.1")});
  client_ = backend_->Connect(front.url(), folder_.File("ca.pem"), clock_);
  ExpectAllWorks();
}

TEST_P(KmsNetworkContract, AWrongClockIsNoReasonToFail) {
  for (const absl::Duration skew : {absl::Hours(1), -absl::Hours(2), absl::Hours(24 * 400)}) {
    clock_.SkewWall(skew);
    ExpectAllWorks();
    // Also where the first call is made with it.
    client_ = backend_->Connect(front_->url(), "", clock_);
    ExpectAllWorks();
  }
}

TEST_P(KmsNetworkContract, ExpiredCredentialsAreReplaced) {
  for (int round = 0; round < 3; ++round) {
    backend_->ExpireCredentials();
    EXPECT_THAT(Unwrap(), IsOk());
    ExpectAllWorks();
    // A second refusal within the time for which a login counts as proof would be taken for a denial.
    clock_.Suspend(absl::Minutes(1));
  }
}

TEST_P(KmsNetworkContract, RefusedCredentialsAreNoDenial) {
  backend_->RefuseCredentials();
  for (const absl::Status& status : Outcomes()) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
  }
}

TEST_P(KmsNetworkContract, APolicyThatAllowsNothingIsADenial) {
  backend_->Allow(Access::kNothing);
  for (const absl::Status& status : Outcomes()) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kDenied) << status;
  }
  backend_->Allow(Access::kEverything);
  ExpectAllWorks();
}

TEST_P(KmsNetworkContract, APolicyThatOnlyWrapsDeniesUnwrap) {
  backend_->Allow(Access::kOnlyWrap);
  EXPECT_THAT(Wrap(), IsOk());
  const absl::Status status = Unwrap();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kDenied) << status;
  backend_->Allow(Access::kEverything);
  ExpectAllWorks();
}

// A node that lags behind tells the old version for a while: a new blob is never taken for one of that.
TEST_P(KmsNetworkContract, AVersionLagNeverGivesAWrapTheWrongVersion) {
  Mutex mutex;
  std::optional<LoopbackReply> stale;
  front_->Set([&](const LoopbackRequest& request) -> std::optional<LoopbackReply> {
    if (!backend_->AsksAboutTheKey(request)) return std::nullopt;
    MutexLock lock(mutex);
    if (!stale.has_value()) stale = backend_->Answer(request);
    return stale;
  });
  const absl::StatusOr<kms::KeyDescription> before = client_->Describe(Call());
  ASSERT_THAT(before, IsOk());
  backend_->Rotate();
  const absl::StatusOr<kms::WrapResult> lagging = Wrap();
  if (lagging.ok()) {
    EXPECT_NE(lagging->version.label, before->current.label);
    EXPECT_NE(lagging->version.mark, before->current.mark);
  } else {
    EXPECT_THAT(lagging, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(GetFailureClass(lagging.status()), FailureClass::kUnreachable);
  }
  EXPECT_THAT(Unwrap(), IsOk());
  front_->Mend();
  const absl::StatusOr<kms::KeyDescription> after = client_->Describe(Call());
  ASSERT_THAT(after, IsOk());
  const absl::StatusOr<kms::WrapResult> caught_up = Wrap();
  ASSERT_THAT(caught_up, IsOk());
  EXPECT_EQ(caught_up->version, after->current);
  EXPECT_NE(caught_up->version, before->current);
}

}  // namespace signet::testing

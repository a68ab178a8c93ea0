// The fake is strict: a request that was changed after it was signed gets nothing but an error, so that a
// test which passes against the fake says something about the signer.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "crypto/random.h"
#include "kms_client/alibaba/alibaba_codec.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/alibaba_rpc.h"
#include "kms_client/http/curl_transport.h"
#include "tests/testing/alibaba_test.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using Change = std::function<void(HttpRequest&)>;

// Sends each request `times` times over the real transport, changed; the last answer counts.
class ChangingTransport final : public HttpTransport {
 public:
  ChangingTransport(Change change, int times) : change_(std::move(change)), times_(times) {
    HttpSettings settings;
    settings.allow_plain_http = true;
    settings.connect_timeout = settings.total_timeout = absl::Minutes(1);
    transport_ = MakeCurlTransport(settings, SystemClock());
  }

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request, const CallContext& call) override {
    HttpRequest changed;
    changed.operation = request.operation;
    changed.method = request.method;
    changed.SetUrl(request.url.Expose());
    for (const HttpRequestHeader& header : request.headers) {
      changed.AddHeader(header.name, header.value.Expose());
    }
    changed.body = crypto::SensitiveString(std::string(request.body.Expose()));
    change_(changed);
    for (int i = 1; i < times_; ++i) (void)transport_->Send(changed, call);
    return transport_->Send(changed, call);
  }

 private:
  const Change change_;
  const int times_;
  std::unique_ptr<HttpTransport> transport_;
};

class FakeAlibabaTest : public testing::AlibabaTest {
 protected:
  ~FakeAlibabaTest() override { cloud_.Control("forget_complaints"); }

  // The answer's error code, empty for none.
  std::string Ask(AlibabaSignature signature, const Change& change, int times = 1) {
    AlibabaRpc rpc("alibaba", cloud_.url(), signature, std::make_unique<ChangingTransport>(change, times),
                   SystemClock(), crypto::SystemRandom());
    AlibabaAccessKey key;
    key.id = testing::FakeAlibaba::kAccessKeyId;
    key.secret = crypto::SensitiveString(std::string(testing::FakeAlibaba::kAccessKeySecret));
    const absl::StatusOr<AlibabaAnswer> answer =
        rpc.Call(EncodeAlibabaKeyRequest("DescribeKey", kKey), &key, Call());
    EXPECT_THAT(answer, testing::IsOk());
    if (!answer.ok() || answer->ok()) return "";
    return ParseAlibabaError(*answer).code;
  }
};

constexpr AlibabaSignature kSignatures[] = {AlibabaSignature::kAcs3, AlibabaSignature::kRpc};

void ReplaceInUrl(HttpRequest& request, absl::string_view from, absl::string_view to) {
  ASSERT_TRUE(absl::StrContains(request.url.Expose(), from)) << from;
  request.SetUrl(absl::StrReplaceAll(request.url.Expose(), {{from, to}}));
}

Change InHeader(const std::string& name, absl::string_view from, absl::string_view to) {
  return [=](HttpRequest& request) {
    for (HttpRequestHeader& header : request.headers) {
      if (header.name != name) continue;
      const std::string text = absl::StrReplaceAll(header.value.Expose(), {{from, to}});
      ASSERT_NE(text, header.value.Expose()) << name;
      header.value = crypto::SensitiveString(std::string(text));
      return;
    }
    FAIL() << "no header " << name;
  };
}

TEST_F(FakeAlibabaTest, ServesWhatWasNotChanged) {
  for (const AlibabaSignature signature : kSignatures) EXPECT_EQ(Ask(signature, [](HttpRequest&) {}), "");
}

TEST_F(FakeAlibabaTest, RefusesAnotherParameter) {
  for (const AlibabaSignature signature : kSignatures) {
    EXPECT_EQ(Ask(signature, [](HttpRequest& request) { ReplaceInUrl(request, "0001", "0002"); }),
              "SignatureDoesNotMatch");
    EXPECT_EQ(
        Ask(signature, [](HttpRequest& request) { ReplaceInUrl(request, "KeyId=key", "A=b&KeyId=key"); }),
        "SignatureDoesNotMatch");
  }
}

TEST_F(FakeAlibabaTest, RefusesAnotherMethod) {
  for (const AlibabaSignature signature : kSignatures) {
    EXPECT_EQ(Ask(signature, [](HttpRequest& request) { request.method = HttpMethod::kGet; }),
              "SignatureDoesNotMatch");
  }
}

TEST_F(FakeAlibabaTest, RefusesARequestThatItHasSeen) {
  for (const AlibabaSignature signature : kSignatures) {
    EXPECT_EQ(Ask(
                  signature, [](HttpRequest&) {}, 2),
              "SignatureNonceUsed");
  }
}

TEST_F(FakeAlibabaTest, RefusesAnotherHeader) {
  for (const auto& [name, from, to] :
       {std::tuple("x-acs-action", "DescribeKey", "ListKeyVersions"),
        std::tuple("x-acs-version", "2016", "2015"), std::tuple("x-acs-date", "Z", "z"),
        std::tuple("content-type", "form", "from"), std::tuple("x-acs-content-sha256", "e3b0", "e3b1")}) {
    EXPECT_EQ(Ask(AlibabaSignature::kAcs3, InHeader(name, from, to)), "SignatureDoesNotMatch") << name;
  }
}

TEST_F(FakeAlibabaTest, RefusesABodyThatWasNotSigned) {
  EXPECT_EQ(Ask(AlibabaSignature::kAcs3,
                [](HttpRequest& request) { request.body = crypto::SensitiveString(std::string("A=b")); }),
            "SignatureDoesNotMatch");
}

TEST_F(FakeAlibabaTest, RefusesWhatIsSignedInPart) {
  EXPECT_EQ(Ask(AlibabaSignature::kAcs3, [](HttpRequest& request) { request.AddHeader("x-acs-more", "1"); }),
            "IncompleteSignature");
  EXPECT_EQ(Ask(AlibabaSignature::kAcs3, InHeader("Authorization", ";x-acs-date", "")),
            "IncompleteSignature");
  EXPECT_EQ(Ask(AlibabaSignature::kRpc,
                [](HttpRequest& request) { ReplaceInUrl(request, "SignatureMethod=HMAC-SHA1", "X=y"); }),
            "IncompleteSignature");
}

TEST_F(FakeAlibabaTest, RefusesAnotherSignature) {
  EXPECT_EQ(Ask(AlibabaSignature::kAcs3, InHeader("Authorization", "Signature=", "Signature=0")),
            "SignatureDoesNotMatch");
  EXPECT_EQ(Ask(AlibabaSignature::kRpc,
                [](HttpRequest& request) { ReplaceInUrl(request, "Signature=", "Signature=A"); }),
            "SignatureDoesNotMatch");
}

}  // namespace
}  // namespace signet::kms

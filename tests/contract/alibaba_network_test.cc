// The alibaba provider's network contract against the strict fake, with a role that is assumed anew.
#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "kms_client/http/curl_transport.h"
#include "tests/contract/network_contract.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/openbao_client.h"

namespace signet::testing {
namespace {

constexpr char kKey[] = "key-hzz0000000000000001";

class FakeAlibabaNetwork final : public NetworkBackend {
 public:
  FakeAlibabaNetwork(kms::AlibabaSignature signature, bool is_dedicated)
      : signature_(signature), is_dedicated_(is_dedicated) {
    cloud_.CreateKey(kKey);
    cloud_.Control("dedicated", {{"on", is_dedicated}});
    WriteSecretFile(folder_.File("key"),
                    AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
    kms::HttpSettings http;
    http.allow_plain_http = true;
    http.connect_timeout = http.total_timeout = absl::Minutes(1);
    transport_ = kms::MakeCurlTransport(http, SystemClock());
  }
  ~FakeAlibabaNetwork() override { EXPECT_EQ(cloud_.Look().at("complaints"), nlohmann::json::array()); }

  LoopbackReply Answer(const LoopbackRequest& request) override {
    return Forward(*transport_, cloud_.url(), request);
  }
  std::unique_ptr<kms::KmsClient> Connect(const std::string& url, const std::string& ca_file,
                                          const Clock& clock) override {
    kms::AlibabaSettings settings = AlibabaSettingsFor(cloud_, kKey, folder_.File("key"));
    settings.endpoint = url;
    settings.signature = signature_;
    settings.is_dedicated = is_dedicated_;
    settings.auth.sts_endpoint = url;
    settings.auth.assume_role_arn = FakeAlibaba::kRole;
    return ConnectAlibaba(settings, cloud_, observer_, ca_file, clock);
  }
  LoopbackReply Throttled() const override {
    return {.status = 429,
            .headers = {"x-acs-retry-after: 7000"},
            .body = R"({"HttpStatus":429,"Code":"Rejected.Throttling","RequestId":"1"})"};
  }
  bool AsksAboutTheKey(const LoopbackRequest& request) const override {
    const auto action = request.headers.find("x-acs-action");
    return (action != request.headers.end() && action->second == "DescribeKey") ||
           request.target.find("Action=DescribeKey&") != std::string::npos;
  }
  void Rotate() override { cloud_.Rotate(kKey); }
  void Allow(Access access) override {
    switch (access) {
      case Access::kEverything:
        return cloud_.Permit({"AssumeRole", "DescribeKey", "Encrypt", "Decrypt"});
      case Access::kOnlyWrap:
        return cloud_.Permit({"AssumeRole", "DescribeKey", "Encrypt"});
      case Access::kNothing:
        return cloud_.Permit({"AssumeRole"});
    }
  }
  void ExpireCredentials() override {
    cloud_.Control("remove_access_keys", {{"but", {FakeAlibaba::kAccessKeyId}}});
  }
  void RefuseCredentials() override { cloud_.Control("remove_access_keys"); }

 private:
  const kms::AlibabaSignature signature_;
  const bool is_dedicated_;
  TempDir folder_;
  FakeAlibaba cloud_;
  std::unique_ptr<kms::HttpTransport> transport_;
  kms::RemoteCallObserver observer_;
};

NetworkParam Param(const char* name, kms::AlibabaSignature signature, bool is_dedicated) {
  return {name, [=] { return std::make_unique<FakeAlibabaNetwork>(signature, is_dedicated); }};
}

INSTANTIATE_TEST_SUITE_P(Backends, KmsNetworkContract,
                         ::testing::Values(Param("alibaba_acs3", kms::AlibabaSignature::kAcs3, false),
                                           Param("alibaba_rpc", kms::AlibabaSignature::kRpc, false),
                                           Param("alibaba_dedicated", kms::AlibabaSignature::kAcs3, true)),
                         NetworkName);

}  // namespace
}  // namespace signet::testing

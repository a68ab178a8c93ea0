// The alibaba provider against the strict fake, over the real transport: with each signature, with its
// parameters in query or body, and through the gateway of an instance.
#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kms_client/alibaba/alibaba_kms_client.h"
#include "tests/contract/kms_client_contract.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

constexpr char kKey[] = "key-hzz0000000000000001";
constexpr char kOther[] = "key-hzz0000000000000002";
constexpr absl::string_view kAgentPrefix = "signetd uid/";

class FakeAlibabaBackend final : public ContractBackend {
 public:
  FakeAlibabaBackend(kms::AlibabaSignature signature, bool is_dedicated)
      : signature_(signature), is_dedicated_(is_dedicated) {
    for (const char* const key : {kKey, kOther}) {
      cloud_.CreateKey(key);
      // As the policy that signetctl prints has it: each access key is for one key of KMS.
      cloud_.AddAccessKey(absl::StrCat("LTAI.", key), "secret", key);
      WriteSecretFile(folder_.File(key), AccessKeyJson(absl::StrCat("LTAI.", key), "secret"));
    }
    cloud_.Control("dedicated", {{"on", is_dedicated}});
    client_ = Connect(kKey);
    replica_ = Connect(kKey);
    other_ = Connect(kOther);
  }
  ~FakeAlibabaBackend() override { EXPECT_EQ(cloud_.Look()["complaints"], nlohmann::json::array()); }

  Capabilities capabilities() const override {
    Capabilities capabilities;
    capabilities.numbers_versions = false;
    // The gateway of an instance has no management actions.
    capabilities.can_rotate = !is_dedicated_;
    return capabilities;
  }
  kms::KmsClient& client() override { return *client_; }
  kms::KmsClient& replica() override { return *replica_; }
  kms::KmsClient& other_key() override { return *other_; }
  const Clock& clock() const override { return SystemClock(); }
  void Rotate() override { cloud_.Rotate(kKey); }
  void DisableCurrent() override { cloud_.SetKeyState(kKey, "Disabled"); }
  void EnableCurrent() override { cloud_.SetKeyState(kKey, "Enabled"); }
  // Alibaba destroys whole keys only; the suite that asks is not instantiated.
  void DestroyPrevious() override { FAIL(); }
  void MakeUnreachable() override {
    kms::AlibabaSettings settings = SettingsFor(kKey);
    settings.endpoint = "http://127.0.0.1:1";
    client_ = ConnectAlibaba(settings, cloud_, observer_);
  }
  std::vector<std::string> uids() const override {
    std::vector<std::string> uids;
    const nlohmann::json seen = cloud_.Look();
    for (const std::string agent : seen.at("agents")) {
      if (absl::StartsWith(agent, kAgentPrefix)) uids.push_back(agent.substr(kAgentPrefix.size()));
    }
    return uids;
  }

 private:
  kms::AlibabaSettings SettingsFor(const std::string& key) const {
    kms::AlibabaSettings settings = AlibabaSettingsFor(cloud_, key, folder_.File(key));
    settings.signature = signature_;
    settings.is_dedicated = is_dedicated_;
    return settings;
  }
  std::unique_ptr<kms::KmsClient> Connect(const std::string& key) {
    return ConnectAlibaba(SettingsFor(key), cloud_, observer_);
  }

  const kms::AlibabaSignature signature_;
  const bool is_dedicated_;
  TempDir folder_;
  FakeAlibaba cloud_;
  kms::RemoteCallObserver observer_;
  std::unique_ptr<kms::KmsClient> client_;
  std::unique_ptr<kms::KmsClient> replica_;
  std::unique_ptr<kms::KmsClient> other_;
};

ContractParam Param(const char* name, kms::AlibabaSignature signature, bool is_dedicated) {
  return {name, [=] { return std::make_unique<FakeAlibabaBackend>(signature, is_dedicated); }};
}

const auto kShared = ::testing::Values(Param("alibaba_acs3", kms::AlibabaSignature::kAcs3, false),
                                       Param("alibaba_rpc", kms::AlibabaSignature::kRpc, false));
const auto kFakes = ::testing::Values(Param("alibaba_acs3", kms::AlibabaSignature::kAcs3, false),
                                      Param("alibaba_rpc", kms::AlibabaSignature::kRpc, false),
                                      Param("alibaba_dedicated", kms::AlibabaSignature::kAcs3, true));

INSTANTIATE_TEST_SUITE_P(Backends, KmsClientContract, kFakes, ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RotatingKmsClientContract, kShared, ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RemoteKmsClientContract, kFakes, ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, AuditedKmsClientContract, kFakes, ContractName);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DestroyingKmsClientContract);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FieldKmsClientContract);

}  // namespace
}  // namespace signet::testing

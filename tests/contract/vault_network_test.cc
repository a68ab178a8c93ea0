// The vault provider's network contract against the strict fake.
#include <gmock/gmock.h>

#include <memory>

#include "absl/strings/match.h"
#include "tests/contract/network_contract.h"
#include "tests/testing/fake_vault.h"
#include "tests/testing/openbao_client.h"

namespace signet::testing {
namespace {

class FakeVaultNetwork final : public NetworkBackend {
 public:
  FakeVaultNetwork() {
    vault_.CreateKey("one");
    WriteSecretFile(folder_.File("secret-id"), FakeVault::kSecretId);
  }
  ~FakeVaultNetwork() override { EXPECT_THAT(vault_.complaints(), ::testing::IsEmpty()); }

  LoopbackReply Answer(const LoopbackRequest& request) override {
    return Forward(*transport_, "http://vault-1", request);
  }
  std::unique_ptr<kms::KmsClient> Connect(const std::string& url, const std::string& ca_file,
                                          const Clock& clock) override {
    kms::VaultSettings settings = SettingsFor({url}, "one", folder_.File("secret-id"));
    settings.auth.method = kms::VaultAuthMethod::kAppRole;
    settings.auth.mount = "approle";
    settings.auth.role_id = FakeVault::kRoleId;
    return ConnectOpenBao(settings, observer_, ca_file, "", "", clock);
  }
  LoopbackReply Throttled() const override {
    return {.status = 429, .headers = {"Retry-After: 7"}, .body = R"({"errors":["request quota exceeded"]})"};
  }
  bool AsksAboutTheKey(const LoopbackRequest& request) const override {
    return absl::StrContains(request.target, "/transit/keys/");
  }
  void Rotate() override { vault_.Rotate("one"); }
  void Allow(Access access) override {
    switch (access) {
      case Access::kEverything:
        return vault_.SetPolicy({"encrypt", "decrypt", "read", "rotate", "lookup", "renew"});
      case Access::kOnlyWrap:
        return vault_.SetPolicy({"encrypt", "read", "lookup", "renew"});
      case Access::kNothing:
        return vault_.SetPolicy({});
    }
  }
  void ExpireCredentials() override { vault_.RevokeTokens(); }
  void RefuseCredentials() override {
    WriteSecretFile(folder_.File("secret-id"), "another-secret-id");
    vault_.RevokeTokens();
  }

 private:
  TempDir folder_;
  FakeVault vault_{SystemClock()};
  const std::unique_ptr<kms::HttpTransport> transport_ = vault_.MakeTransport();
  kms::RemoteCallObserver observer_;
};

const NetworkParam kFakeVault{"vault_fake", [] { return std::make_unique<FakeVaultNetwork>(); }};

INSTANTIATE_TEST_SUITE_P(Backends, KmsNetworkContract, ::testing::Values(kFakeVault), NetworkName);

}  // namespace
}  // namespace signet::testing

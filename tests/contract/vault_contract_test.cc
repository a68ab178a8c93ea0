// The vault provider against the strict fake.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "kms_client/vault/vault_kms_client.h"
#include "tests/contract/kms_client_contract.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_vault.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

class FakeVaultBackend final : public ContractBackend {
 public:
  FakeVaultBackend() {
    const std::string file = folder_.File("secret-id");
    std::ofstream(file) << FakeVault::kSecretId;
    if (::chmod(file.c_str(), 0600) != 0) std::abort();
    vault_.CreateKey("one");
    vault_.CreateKey("two");
    client_ = Connect("one");
    replica_ = Connect("one");
    other_ = Connect("two");
  }
  ~FakeVaultBackend() override { EXPECT_THAT(vault_.complaints(), ::testing::IsEmpty()); }

  Capabilities capabilities() const override {
    Capabilities capabilities;
    // A version that is too old now may come back with min_decryption_version.
    capabilities.destroyed_is_revoked = false;
    return capabilities;
  }
  kms::KmsClient& client() override { return *client_; }
  kms::KmsClient& replica() override { return *replica_; }
  kms::KmsClient& other_key() override { return *other_; }
  const Clock& clock() const override { return clock_; }
  void Rotate() override { vault_.Rotate("one"); }
  void DisableCurrent() override { vault_.SetSoftDeleted("one", true); }
  void EnableCurrent() override { vault_.SetSoftDeleted("one", false); }
  void DestroyPrevious() override { vault_.SetMinDecryptionVersion("one", vault_.latest_version("one")); }
  void MakeUnreachable() override { vault_.SetDown("vault-1", true); }
  std::vector<std::string> uids() const override { return vault_.uids(); }

 private:
  std::unique_ptr<kms::KmsClient> Connect(const std::string& key) {
    kms::VaultSettings settings;
    settings.addresses = {"http://vault-1"};
    settings.key = key;
    settings.instance = "test";
    settings.auth = {.method = kms::VaultAuthMethod::kAppRole,
                     .mount = "approle",
                     .role = "",
                     .role_id = FakeVault::kRoleId,
                     .secret_file = folder_.File("secret-id")};
    return kms::MakeVaultKmsClient(settings, vault_.MakeTransport(), "primary", clock_, observer_);
  }

  TempDir folder_;
  FakeClock clock_;
  FakeVault vault_{clock_};
  kms::RemoteCallObserver observer_;
  std::unique_ptr<kms::KmsClient> client_;
  std::unique_ptr<kms::KmsClient> replica_;
  std::unique_ptr<kms::KmsClient> other_;
};

const ContractParam kFakeVault{"vault_fake", [] { return std::make_unique<FakeVaultBackend>(); }};

INSTANTIATE_TEST_SUITE_P(Backends, KmsClientContract, ::testing::Values(kFakeVault), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RotatingKmsClientContract, ::testing::Values(kFakeVault), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, DestroyingKmsClientContract, ::testing::Values(kFakeVault), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, FieldKmsClientContract, ::testing::Values(kFakeVault), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RemoteKmsClientContract, ::testing::Values(kFakeVault), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, AuditedKmsClientContract, ::testing::Values(kFakeVault), ContractName);

}  // namespace
}  // namespace signet::testing

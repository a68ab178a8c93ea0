// The contract suite against a real OpenBao, over the real transport.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tests/contract/kms_client_contract.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using kms::HttpMethod;

// One server for all tests of this program; each test has keys of its own.
OpenBaoServer& Server() {
  static OpenBaoServer server;
  return server;
}

class OpenBaoBackend final : public ContractBackend {
 public:
  OpenBaoBackend() : key_(absl::StrCat("key-", next_key++)), other_(key_ + "-other") {
    for (const std::string& key : {key_, other_}) {
      Server().admin().Write("transit/keys/" + key);
      // The least that signetd needs, and what `signetctl rotate remote` needs besides.
      const std::string policy = absl::StrCat(TransitPolicy(key), "path \"transit/keys/", key,
                                              "/rotate\" { capabilities = [\"update\"] }\n");
      WriteSecretFile(folder_.File(key), Server().CreateToken(key, policy, "1h"));
    }
    client_ = Connect(Server().address(), key_);
    replica_ = Connect(Server().address(), key_);
    other_client_ = Connect(Server().address(), other_);
  }

  Capabilities capabilities() const override {
    Capabilities capabilities;
    // A version that is too old now may come back with min_decryption_version.
    capabilities.destroyed_is_revoked = false;
    return capabilities;
  }
  kms::KmsClient& client() override { return *client_; }
  kms::KmsClient& replica() override { return *replica_; }
  kms::KmsClient& other_key() override { return *other_client_; }
  const Clock& clock() const override { return SystemClock(); }
  void Rotate() override { Server().admin().Write(absl::StrCat("transit/keys/", key_, "/rotate")); }
  void DisableCurrent() override {
    Server().admin().Do(HttpMethod::kDelete, absl::StrCat("transit/keys/", key_, "/soft-delete"));
  }
  void EnableCurrent() override {
    Server().admin().Write(absl::StrCat("transit/keys/", key_, "/soft-delete-restore"));
  }
  void DestroyPrevious() override {
    const int latest =
        Server().admin().Do(HttpMethod::kGet, "transit/keys/" + key_)["data"]["latest_version"];
    Server().admin().Write(absl::StrCat("transit/keys/", key_, "/config"),
                           {{"min_decryption_version", latest}, {"min_encryption_version", latest}});
    Server().admin().Write(absl::StrCat("transit/keys/", key_, "/trim"), {{"min_available_version", latest}});
  }
  void MakeUnreachable() override { client_ = Connect(absl::StrCat("http://127.0.0.1:", FreePort()), key_); }
  std::vector<std::string> uids() const override { return Server().AuditedUids(); }

 private:
  std::unique_ptr<kms::KmsClient> Connect(const std::string& address, const std::string& key) {
    return ConnectOpenBao(SettingsFor({address}, key, folder_.File(key)), observer_);
  }

  static inline int next_key = 1;
  TempDir folder_;
  const std::string key_;
  const std::string other_;
  kms::RemoteCallObserver observer_;
  std::unique_ptr<kms::KmsClient> client_;
  std::unique_ptr<kms::KmsClient> replica_;
  std::unique_ptr<kms::KmsClient> other_client_;
};

const ContractParam kOpenBao{"openbao", []() -> std::unique_ptr<ContractBackend> {
                               if (OpenBaoPath().empty()) return nullptr;
                               return std::make_unique<OpenBaoBackend>();
                             }};

INSTANTIATE_TEST_SUITE_P(Backends, KmsClientContract, ::testing::Values(kOpenBao), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RotatingKmsClientContract, ::testing::Values(kOpenBao), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, DestroyingKmsClientContract, ::testing::Values(kOpenBao), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, FieldKmsClientContract, ::testing::Values(kOpenBao), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, RemoteKmsClientContract, ::testing::Values(kOpenBao), ContractName);
INSTANTIATE_TEST_SUITE_P(Backends, AuditedKmsClientContract, ::testing::Values(kOpenBao), ContractName);

}  // namespace
}  // namespace signet::testing

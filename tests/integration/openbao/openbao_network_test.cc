// The vault provider's network contract with a real OpenBao behind the front.
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kms_client/http/curl_transport.h"
#include "tests/contract/network_contract.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"

namespace signet::testing {
namespace {

// Each with a key and a role of its own.
class OpenBaoNetwork final : public NetworkBackend {
 public:
  explicit OpenBaoNetwork(OpenBaoServer& server)
      : server_(server), name_(absl::StrCat("network-", next_name++)) {
    kms::HttpSettings http;
    http.allow_plain_http = true;
    http.connect_timeout = http.total_timeout = absl::Minutes(1);
    transport_ = kms::MakeCurlTransport(http, SystemClock());
    OpenBaoAdmin& admin = server_.admin();
    admin.Write("transit/keys/" + name_);
    Allow(Access::kEverything);
    // Whichever test is first.
    admin.Mount("sys/auth/approle", "approle");
    const std::string role = "auth/approle/role/" + name_;
    admin.Write(role, {{"token_policies", name_}, {"token_no_default_policy", true}});
    role_id_ = admin.Do(kms::HttpMethod::kGet, role + "/role-id")["data"]["role_id"];
    WriteSecretFile(folder_.File("secret-id"), admin.Write(role + "/secret-id")["data"]["secret_id"]);
  }

  LoopbackReply Answer(const LoopbackRequest& request) override {
    return Forward(*transport_, server_.address(), request);
  }
  std::unique_ptr<kms::KmsClient> Connect(const std::string& url, const std::string& ca_file,
                                          const Clock& clock) override {
    kms::VaultSettings settings = SettingsFor({url}, name_, folder_.File("secret-id"));
    settings.auth.method = kms::VaultAuthMethod::kAppRole;
    settings.auth.mount = "approle";
    settings.auth.role_id = role_id_;
    return ConnectOpenBao(settings, observer_, ca_file, "", "", clock);
  }
  LoopbackReply Throttled() const override {
    return {.status = 429,
            .headers = {"Retry-After: 7"},
            .body = R"({"errors":["request path: rate limit quota exceeded"]})"};
  }
  bool AsksAboutTheKey(const LoopbackRequest& request) const override {
    return absl::StrContains(request.target, "/transit/keys/");
  }
  void Rotate() override { server_.admin().Write(absl::StrCat("transit/keys/", name_, "/rotate")); }
  void Allow(Access access) override {
    const std::string only_wrap =
        absl::StrCat("path \"transit/encrypt/", name_, "\" { capabilities = [\"update\"] }\n",
                     "path \"transit/keys/", name_, "\" { capabilities = [\"read\"] }\n");
    server_.SetPolicy(name_, access == Access::kEverything ? TransitPolicy(name_)
                             : access == Access::kOnlyWrap
                                 ? only_wrap
                                 : "path \"nothing\" { capabilities = [\"read\"] }\n");
  }
  void ExpireCredentials() override { server_.admin().Write("sys/leases/revoke-prefix/auth/approle/login"); }
  void RefuseCredentials() override {
    server_.admin().Do(kms::HttpMethod::kDelete, "auth/approle/role/" + name_);
    ExpireCredentials();
  }

 private:
  static inline int next_name = 1;
  OpenBaoServer& server_;
  const std::string name_;
  TempDir folder_;
  std::unique_ptr<kms::HttpTransport> transport_;
  std::string role_id_;
  kms::RemoteCallObserver observer_;
};

const NetworkParam kOpenBao{"openbao", []() -> std::unique_ptr<NetworkBackend> {
                              if (OpenBaoPath().empty()) return nullptr;
                              // One server for all tests of this program.
                              static OpenBaoServer server;
                              return std::make_unique<OpenBaoNetwork>(server);
                            }};

INSTANTIATE_TEST_SUITE_P(Backends, KmsNetworkContract, ::testing::Values(kOpenBao), NetworkName);

}  // namespace
}  // namespace signet::testing

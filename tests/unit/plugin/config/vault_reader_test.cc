#include "plugin/config/vault_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/config/config_loader.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<Config> Load(const std::string& vault) {
  return LoadConfigText(
      "f",
      absl::StrCat("cluster_id: c\nstate_directory: /s\nactive: p\nproviders:\n  - name: p\n", "    vault: {",
                   vault, "}\n", "kms_socket: {path: /run/k.sock}\n", "admin_socket: {path: /run/a.sock}\n"));
}

const char kTokenAuth[] = "auth: {method: token_file, secret_file: /t}";

std::string With(const std::string& settings, const std::string& auth = kTokenAuth) {
  return absl::StrCat("key: k, instance: i, ", settings, settings.empty() ? "" : ", ", auth);
}

std::string Problems(const std::string& vault) {
  const absl::StatusOr<Config> config = Load(vault);
  EXPECT_FALSE(config.ok()) << vault;
  return std::string(config.status().message());
}

TEST(VaultReaderTest, TheMinimalExampleLoadsWithDefaults) {
  ASSERT_OK_AND_ASSIGN(const Config config,
                       LoadConfigFile(testing::SourcePath("manifests/config/vault.yaml")));
  ASSERT_TRUE(config.providers[0].vault.has_value());
  const VaultProviderConfig& vault = *config.providers[0].vault;
  EXPECT_EQ(config.providers[0].type, "vault");
  EXPECT_THAT(vault.addresses, ElementsAre("https://vault.example:8200"));
  EXPECT_EQ(vault.mount, "transit");
  EXPECT_EQ(vault.key, "signet");
  EXPECT_EQ(vault.instance, "vault.example");
  EXPECT_EQ(vault.name_space, "");
  EXPECT_EQ(vault.timeout, absl::Seconds(2));
  EXPECT_EQ(vault.auth.method, VaultMethod::kAppRole);
  EXPECT_EQ(vault.auth.mount, "approle");
  EXPECT_EQ(vault.auth.secret_file, "/etc/signet/vault-secret-id");
  EXPECT_EQ(vault.tls.ca_file, "");
  EXPECT_EQ(vault.proxy.url, "");
}

TEST(VaultReaderTest, ReadsEverySetting) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      Load("addresses: [\"https://a:1\", \"https://[::1]:2\"], namespace: n/m, mount: kms/transit, key: k, "
           "instance: i, "
           "timeout: 5s, auth: {method: certificate, mount: tls, role: r}, tls: {ca_file: /ca, "
           "client_certificate_file: /c, client_key_file: /k, server_name: s.example}, "
           "proxy: {url: \"http://p:3128\", no_proxy: \".internal,10.0.0.0/8\"}"));
  const VaultProviderConfig& vault = *config.providers[0].vault;
  EXPECT_THAT(vault.addresses, ElementsAre("https://a:1", "https://[::1]:2"));
  EXPECT_EQ(vault.name_space, "n/m");
  EXPECT_EQ(vault.mount, "kms/transit");
  EXPECT_EQ(vault.timeout, absl::Seconds(5));
  EXPECT_EQ(vault.auth.mount, "tls");
  EXPECT_EQ(vault.auth.role, "r");
  EXPECT_EQ(vault.tls.client_key_file, "/k");
  EXPECT_EQ(vault.tls.server_name, "s.example");
  EXPECT_EQ(vault.proxy.url, "http://p:3128");
  EXPECT_EQ(vault.proxy.no_proxy, ".internal,10.0.0.0/8");
}

TEST(VaultReaderTest, TakesPlainHttpOnLoopbackOnly) {
  for (const char* address : {"http://127.0.0.1:8200", "http://localhost:8100", "http://[::1]:8200",
                              "https://vault", "https://10.0.0.1:8200"}) {
    EXPECT_THAT(Load(With(absl::StrCat("address: \"", address, "\""))), testing::IsOk()) << address;
  }
  for (const char* address :
       {"http://vault:8200", "vault:8200", "https://", "https://vault:0", "https://vault:99999",
        "https://v:1/", "https://v:1/v1", "https://user:pass@v:1", "https://v?x", "https://v:1x", "ftp://v",
        "https://[::1", "http://127.0.0.1.evil:80"}) {
    EXPECT_THAT(Problems(With(absl::StrCat("address: \"", address, "\""))),
                HasSubstr("providers[0].vault.address: must be https://host:port"))
        << address;
  }
}

TEST(VaultReaderTest, SendsNothingInClearToAProxy) {
  for (const char* addresses :
       {"address: \"http://127.0.0.1:8200\"", "addresses: [\"https://a\", \"http://localhost:8100\"]"}) {
    EXPECT_THAT(Problems(With(absl::StrCat(addresses, ", proxy: {url: \"http://p:3128\"}"))),
                HasSubstr("vault.proxy: excludes addresses that begin with http://"));
  }
}

TEST(VaultReaderTest, NeedsExactlyOneKindOfAddress) {
  EXPECT_THAT(Problems(With("")), HasSubstr("vault.address: is missing"));
  EXPECT_THAT(Problems(With("addresses: []")), HasSubstr("vault.addresses: must have at least one"));
  EXPECT_THAT(Problems(With("address: \"https://a\", addresses: [\"https://b\"]")),
              HasSubstr("vault.addresses: excludes address"));
}

TEST(VaultReaderTest, EveryMethodHasItsSettings) {
  const std::string address = "address: \"https://a\"";
  const std::pair<const char*, const char*> cases[] = {
      {"auth: {method: token_file}", "auth.secret_file: is missing: this method needs it"},
      {"auth: {method: token_file, secret_file: /t, mount: m}", "auth.mount: means nothing"},
      {"auth: {method: token_file, secret_file: /t, role: r}", "auth.role: means nothing"},
      {"auth: {method: app_role, secret_file: /t}", "auth.role_id: is missing"},
      {"auth: {method: app_role, role_id: x}", "auth.secret_file: is missing"},
      {"auth: {method: kubernetes, secret_file: /t}", "auth.role: is missing"},
      {"auth: {method: jwt, role: r}", "auth.secret_file: is missing"},
      {"auth: {method: certificate, secret_file: /t}", "auth.secret_file: means nothing"},
      {"auth: {method: certificate}", "tls.client_certificate_file: is missing: auth.method certificate"},
      {"auth: {method: token_file, secret_file: /t, secret_credential: c}", "excludes secret_file"},
      {"auth: {method: password}", "auth.method: must be one of token_file"},
      {"auth: {secret_file: /t}", "auth.method: is missing"},
  };
  for (const auto& [auth, problem] : cases) {
    EXPECT_THAT(Problems(With(address, auth)), HasSubstr(problem)) << auth;
  }
  EXPECT_THAT(Load(With(address, "auth: {method: jwt, role: r, secret_credential: c}")), testing::IsOk());
}

TEST(VaultReaderTest, CertificateAndKeyGoTogether) {
  EXPECT_THAT(Problems(With("address: \"https://a\", tls: {client_key_file: /k}")),
              HasSubstr("tls.client_certificate_file: is missing"));
  EXPECT_THAT(Problems(With("address: \"https://a\", tls: {client_certificate_file: /c}")),
              HasSubstr("tls.client_key_file: is missing"));
}

TEST(VaultReaderTest, RefusesNamesThatWouldChangeThePath) {
  for (const char* name : {"a/b", "..", "a?b", "a%2f", ""}) {
    EXPECT_THAT(
        Problems(absl::StrCat("address: \"https://a\", instance: i, key: \"", name, "\", ", kTokenAuth)),
        HasSubstr("vault.key: "))
        << name;
  }
  for (const char* mount : {"/a", "a/", "a//b", "a/../b", "a b"}) {
    EXPECT_THAT(Problems(With(absl::StrCat("address: \"https://a\", mount: \"", mount, "\""))),
                HasSubstr("vault.mount: "))
        << mount;
  }
}

TEST(VaultReaderTest, ShowsNoSecretThatStrayedIn) {
  EXPECT_THAT(Problems(With("address: \"https://a\"", "auth: {method: token_file, secret_file: s.hush}")),
              AllOf(HasSubstr("auth.secret_file: must be"), Not(HasSubstr("hush"))));
}

TEST(VaultReaderTest, OneProviderIsOneKey) {
  const absl::StatusOr<Config> config = LoadConfigText(
      "f", absl::StrCat("cluster_id: c\nstate_directory: /s\nactive: p\nproviders:\n  - name: p\n",
                        "    local: {keyring: /k}\n    vault: {", With("address: \"https://a\""), "}\n",
                        "kms_socket: {path: /run/k.sock}\nadmin_socket: {path: /run/a.sock}\n"));
  EXPECT_THAT(config,
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("vault: excludes local")));
}

}  // namespace
}  // namespace signet

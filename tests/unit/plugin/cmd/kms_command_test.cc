// signetctl kms check on providers that need no server; a real OpenBao: tests/integration/openbao.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/failure_class.h"
#include "kms_client/local/keyring_file.h"
#include "plugin/cmd/signetctl/kms_advice.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using kms::RemoteOperation;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

class KmsCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<kms::Keyring> made = kms::Keyring::Generate(crypto::SystemRandom(), SystemClock().Wall());
    ASSERT_THAT(made, IsOk());
    kms::KeyringFile file(folder_.File("keyring"), kms::SealSource(), PosixDurableFiles(),
                          crypto::SystemRandom());
    ASSERT_THAT(file.Create(*made), IsOk());
    std::ofstream(config())
        << "cluster_id: test\nstate_directory: /s\nactive: primary\nproviders:\n"
        << "  - name: primary\n    local: {keyring: " << folder_.File("keyring") << "}\n"
        << "  - name: gone\n    vault: {address: \"http://127.0.0.1:1\", key: k, instance: "
           "test, auth: {method: token_file, secret_file: "
        << folder_.File("token") << "}}\n"
        << "kms_socket: {path: /kms}\nadmin_socket: {path: /admin}\n";
  }
  std::string config() const { return folder_.File("signetd.yaml"); }
  CtlResult Check(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"kms", "check", "--config", config()});
    return RunCtl(arguments);
  }

  testing::TempDir folder_;
};

TEST_F(KmsCommandTest, SaysYesWhereEverythingWorks) {
  const CtlResult result = Check({"--provider", "primary"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  for (const char* check : {"describe", "wrap", "unwrap", "context"}) {
    EXPECT_THAT(result.out, HasSubstr(std::string("primary   ") + check));
  }
  EXPECT_THAT(result.out, Not(HasSubstr("FAILED")));
}

TEST_F(KmsCommandTest, ChecksEveryProviderAndSaysNoForOne) {
  const CtlResult result = Check({"-o", "json"});
  EXPECT_EQ(result.exit_code, 1);
  const nlohmann::json providers = result.json()["providers"];
  ASSERT_EQ(providers.size(), 2U);
  EXPECT_EQ(providers[0]["passed"], true);
  EXPECT_EQ(providers[1]["passed"], false);
  EXPECT_EQ(providers[1]["checks"][0]["result"], "FAILED");
  EXPECT_THAT(providers[1]["checks"][0]["detail"], HasSubstr("token does not exist"));
  EXPECT_THAT(providers[1]["checks"][0]["change"], HasSubstr("write that file"));
  EXPECT_EQ(providers[1]["checks"][1]["result"], "not tried");
}

TEST_F(KmsCommandTest, NeedsAProviderOfThatName) {
  const CtlResult result = Check({"--provider", "nobody"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("no provider 'nobody'"));
}

class KmsAdviceTest : public ::testing::Test {
 protected:
  KmsAdviceTest() {
    provider_.vault.emplace();
    provider_.vault->addresses = {"https://vault:8200"};
    provider_.vault->key = "k8s";
    provider_.vault->auth.secret_file = "/etc/signet/secret";
    provider_.vault->auth.mount = "approle";
  }
  std::string Advice(const absl::Status& status, RemoteOperation operation = RemoteOperation::kWrap) {
    return KmsAdvice(provider_, operation, status);
  }
  static absl::Status Denied(absl::string_view text) {
    return kms::WithFailureClass(absl::PermissionDeniedError(text), kms::FailureClass::kDenied);
  }

  ProviderConfig provider_;
};

TEST_F(KmsAdviceTest, NamesThePathThatThePolicyLacks) {
  EXPECT_THAT(Advice(Denied("vault encrypt: refused"), RemoteOperation::kWrap),
              HasSubstr("`update` on transit/encrypt/k8s"));
  EXPECT_THAT(Advice(Denied("vault read key: refused"), RemoteOperation::kWrap),
              HasSubstr("`read` on transit/keys/k8s"));
  EXPECT_THAT(Advice(Denied("vault decrypt: refused"), RemoteOperation::kUnwrap),
              HasSubstr("`update` on transit/decrypt/k8s"));
}

TEST_F(KmsAdviceTest, NamesWhatALoginNeeds) {
  const absl::Status refused = absl::UnavailableError("vault login: refused: check auth (HTTP 400: …)");
  provider_.vault->auth.method = VaultMethod::kAppRole;
  EXPECT_THAT(Advice(refused), HasSubstr("auth.role_id or write a valid secret id into /etc/signet/secret"));
  provider_.vault->auth.method = VaultMethod::kJwt;
  EXPECT_THAT(Advice(refused), HasSubstr("renew the JWT in /etc/signet/secret"));
  provider_.vault->auth.method = VaultMethod::kCertificate;
  EXPECT_THAT(Advice(refused), HasSubstr("tls.client_certificate_file"));
}

TEST_F(KmsAdviceTest, NamesTheSettingBehindEveryFailureOfTheNetwork) {
  const std::string at = "vault read key: vault:8200: ";
  const std::pair<std::string, std::string> known[] = {
      {at + "the host name does not resolve", "host name"},
      {at + "cannot connect: connection refused", "listens there"},
      {at + "no answer in time", "raise timeout"},
      {at + "TLS: certificate not trusted: unable to get local issuer certificate", "tls.ca_file"},
      {at + "TLS: certificate not trusted: the certificate is not for this host name", "tls.server_name"},
      {at + "TLS: certificate not trusted: certificate has expired", "renew the KMS's certificate"},
      {at + "TLS: handshake failed (not a TLS port, a version below 1.2, or our certificate was refused)",
       "speaks TLS"},
      {at + "the proxy refused", "proxy.url"},
      {"vault read key: redirected to an address that is not configured: add the leader's", "addresses"},
      {"vault read key: sealed (HTTP 503: Vault is sealed)", "unseal"},
      {"vault read key: what was answered is no Vault's", "https://vault:8200"},
  };
  for (const auto& [text, advice] : known) {
    EXPECT_THAT(Advice(absl::UnavailableError(text)), HasSubstr(advice)) << text;
  }
  EXPECT_THAT(Advice(absl::UnavailableError("something new")), IsEmpty());
}

TEST_F(KmsAdviceTest, TellsAMissingKeyFromAMissingMountAndNamespace) {
  EXPECT_THAT(Advice(absl::NotFoundError("vault read key: there is no such key (HTTP 404)")),
              HasSubstr("bao write -f transit/keys/k8s"));
  EXPECT_THAT(Advice(absl::NotFoundError("vault read key: nothing is mounted there: check mount")),
              HasSubstr("enable Transit at transit"));
  EXPECT_THAT(Advice(absl::NotFoundError("vault read key: there is no such namespace")),
              HasSubstr("correct namespace"));
  EXPECT_THAT(Advice(absl::FailedPreconditionError("vault read key: the key is soft-deleted")),
              HasSubstr("soft-delete-restore"));
}

}  // namespace
}  // namespace signet::ctl

// Every way to authenticate, and what becomes of tokens and policies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "tests/testing/loopback_server.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/skewed_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/test_jwt.h"

namespace signet::testing {
namespace {

using kms::FailureClass;
using kms::GetFailureClass;
using kms::VaultAuthMethod;
using ::testing::HasSubstr;

class CountingObserver final : public kms::RemoteCallObserver {
 public:
  void OnCredentials(absl::string_view, absl::string_view what, const absl::Status& status) override {
    if (!status.ok()) return;
    ++(what == "renewal" ? renewals : fetches);
  }
  std::atomic<int> renewals = 0;
  std::atomic<int> fetches = 0;
};

class OpenBaoAuthTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (OpenBaoPath().empty()) GTEST_SKIP() << "SIGNET_BAO is not set";
    server_ = std::make_unique<OpenBaoServer>();
    admin().Write("transit/keys/k");
    server_->SetPolicy("signet", TransitPolicy("k"));
  }
  OpenBaoAdmin& admin() { return server_->admin(); }
  std::string Secret(const std::string& text) {
    WriteSecretFile(folder_.File("secret"), text);
    return folder_.File("secret");
  }
  void Connect(const kms::VaultAuthSettings& auth) {
    kms::VaultSettings settings = SettingsFor({server_->address()}, "k", "");
    settings.auth = auth;
    client_ = ConnectOpenBao(settings, observer_, "", "", "", clock_);
  }
  void ConnectWithToken(const std::string& token) {
    kms::VaultAuthSettings auth;
    auth.secret_file = Secret(token);
    Connect(auth);
  }
  // AppRole whose tokens live so long.
  void ConnectWithAppRole(const std::string& ttl, const std::string& max_ttl) {
    admin().Mount("sys/auth/approle", "approle");
    admin().Write("auth/approle/role/signet",
                  {{"token_policies", "signet"}, {"token_ttl", ttl}, {"token_max_ttl", max_ttl}});
    kms::VaultAuthSettings auth;
    auth.method = VaultAuthMethod::kAppRole;
    auth.mount = "approle";
    auth.role_id = admin().Do(kms::HttpMethod::kGet, "auth/approle/role/signet/role-id")["data"]["role_id"];
    auth.secret_file = Secret(admin().Write("auth/approle/role/signet/secret-id")["data"]["secret_id"]);
    Connect(auth);
  }
  absl::StatusOr<kms::WrapResult> Wrap() { return client_->Wrap({}, plaintext_, context_); }
  absl::Status Unwrap(const kms::WrapResult& wrapped) {
    return client_->Unwrap({}, wrapped.backend_field, wrapped.blob, context_).status();
  }

  TempDir folder_;
  std::unique_ptr<OpenBaoServer> server_;
  CountingObserver observer_;
  SkewedClock clock_;
  std::unique_ptr<kms::KmsClient> client_;
  const crypto::SecretBytes plaintext_ = *crypto::SecretBytes::Create(32);
  const kms::WrapContext context_{"cluster-1"};
};

TEST_F(OpenBaoAuthTest, CredentialsThatExpireUnderLoadFailNoCall) {
  // The rest of a token's life after the refresh has begun is what a busy machine may waste. Longer than the
  // 15 s for which a fresh token is believed in: one that expires within them looks like a policy that
  // denies.
  ConnectWithAppRole("20s", "30s");
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      do {
        EXPECT_THAT(Unwrap(wrapped), IsOk());
      } while (!PollUntil([&] { return done.load(); }, std::chrono::milliseconds(1)));
    });
  }
  EXPECT_TRUE(
      PollUntil([&] { return observer_.fetches >= 3 && observer_.renewals >= 2; }, std::chrono::minutes(5)))
      << observer_.fetches << " logins, " << observer_.renewals << " renewals";
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(OpenBaoAuthTest, ARevokedTokenIsReplacedByALogin) {
  ConnectWithAppRole("1h", "1h");
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  admin().Write("sys/leases/revoke-prefix/auth/approle/login");
  EXPECT_THAT(Unwrap(wrapped), IsOk());
  EXPECT_EQ(observer_.fetches, 2);
}

TEST_F(OpenBaoAuthTest, AWrongSecretIdIsUnreachableAndNotDenied) {
  ConnectWithAppRole("1h", "1h");
  Secret("ffffffff-0000-0000-0000-000000000000");
  const absl::Status status = client_->Describe({}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("invalid role or secret ID")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
}

TEST_F(OpenBaoAuthTest, ARevokedTokenFileIsUnreachableUntilANewTokenIsThere) {
  const std::string token = server_->CreateToken("signet", TransitPolicy("k"), "1h");
  ConnectWithToken(token);
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  admin().Write("auth/token/revoke", {{"token", token}});
  const absl::Status status = Unwrap(wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("may have expired")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  Secret(server_->CreateToken("signet", TransitPolicy("k"), "1h"));
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

TEST_F(OpenBaoAuthTest, ATokenFileIsRenewedWhileItLasts) {
  const std::string token = server_->CreateToken("signet", TransitPolicy("k"), "1h");
  ConnectWithToken(token);
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  const auto renewed_at = [&]() -> int64_t {
    return admin().Write("auth/token/lookup", {{"token", token}})["data"].value("last_renewal_time",
                                                                                int64_t{0});
  };
  EXPECT_EQ(renewed_at(), 0);
  // Only we think so: on the server nothing expires.
  clock_.Suspend(absl::Minutes(45));
  EXPECT_THAT(Unwrap(wrapped), IsOk());
  EXPECT_EQ(observer_.renewals, 1);
  EXPECT_EQ(observer_.fetches, 1);
  EXPECT_GT(renewed_at(), 0);
}

TEST_F(OpenBaoAuthTest, APolicyThatOnlyEncryptsIsDenialForDecryptOnly) {
  ConnectWithToken(server_->CreateToken("signet", TransitPolicy("k"), "1h"));
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  server_->SetPolicy("signet",
                     "path \"transit/encrypt/k\" { capabilities = [\"update\"] }\n"
                     "path \"transit/keys/k\" { capabilities = [\"read\"] }\n");
  const absl::Status status = Unwrap(wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("vault decrypt")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kDenied);
  EXPECT_THAT(Wrap(), IsOk());
  server_->SetPolicy("signet", TransitPolicy("k"));
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

TEST_F(OpenBaoAuthTest, WrapsUnderAKnownVersionWhileTheKeyMayNotBeRead) {
  ConnectWithAppRole("1h", "1h");
  ASSERT_OK_AND_ASSIGN(const kms::KeyDescription before, client_->Describe({}));
  server_->SetPolicy("signet", "path \"transit/encrypt/k\" { capabilities = [\"update\"] }\n");
  EXPECT_EQ(GetFailureClass(client_->Describe({}).status()), FailureClass::kDenied);
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  EXPECT_EQ(wrapped.version, before.current);
}

TEST_F(OpenBaoAuthTest, ADenyingPolicyBringsOneLoginAndNotMany) {
  ConnectWithAppRole("1h", "1h");
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  server_->SetPolicy("signet", "path \"transit/keys/k\" { capabilities = [\"read\"] }\n");
  const absl::Duration start = SystemClock().BootTime();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(GetFailureClass(Unwrap(wrapped)), FailureClass::kDenied);
  // One more for each time that the proof of the last, good for 15 s, ran out: never on a machine that is not
  // busy.
  const int64_t proofs = (SystemClock().BootTime() - start) / absl::Seconds(15);
  EXPECT_LE(observer_.fetches, 2 + proofs);
}

TEST_F(OpenBaoAuthTest, StartsBeforeItsCredentialsExist) {
  kms::VaultAuthSettings auth;
  auth.secret_file = folder_.File("secret");
  Connect(auth);
  EXPECT_THAT(client_->Describe({}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not exist")));
  Secret(server_->CreateToken("signet", TransitPolicy("k"), "1h"));
  EXPECT_TRUE(PollUntil([&] { return client_->Describe({}).ok(); }, kOpenBaoPatience));
}

TEST_F(OpenBaoAuthTest, LogsInWithAJwt) {
  const TestJwtIssuer issuer;
  admin().Write("sys/auth/jwt", {{"type", "jwt"}});
  admin().Write("auth/jwt/config", {{"jwt_validation_pubkeys", {issuer.public_key_pem()}}});
  admin().Write("auth/jwt/role/signet", {{"role_type", "jwt"},
                                         {"user_claim", "sub"},
                                         {"bound_audiences", {"vault"}},
                                         {"token_policies", {"signet"}}});
  kms::VaultAuthSettings auth;
  auth.method = VaultAuthMethod::kJwt;
  auth.mount = "jwt";
  auth.role = "signet";
  auth.secret_file = Secret(issuer.Sign({{"sub", "node-1"}, {"aud", "vault"}}));
  Connect(auth);
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  EXPECT_THAT(Unwrap(wrapped), IsOk());
  Secret(issuer.Sign({{"sub", "node-1"}, {"aud", "elsewhere"}}));
  admin().Write("sys/leases/revoke-prefix/auth/jwt/login");
  EXPECT_EQ(GetFailureClass(Unwrap(wrapped)), FailureClass::kUnreachable);
}

TEST_F(OpenBaoAuthTest, LogsInWithAKubernetesServiceAccount) {
  const TestJwtIssuer issuer;
  // The API server's part: it confirms whatever token it is asked about.
  TestCa ca;
  LoopbackServer api_server(
      [](const LoopbackRequest&) {
        return LoopbackReply{
            .status = 201,
            .headers = {"Content-Type: application/json"},
            .body =
                R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","status":{"authenticated":true,)"
                R"("user":{"username":"system:serviceaccount:kube-system:signet","uid":"u-1"}}})"};
      },
      {.certificate = ca.Issue("apiserver", "IP:127.0.0.1")});
  admin().Write("sys/auth/kubernetes", {{"type", "kubernetes"}});
  admin().Write("auth/kubernetes/config", {{"kubernetes_host", api_server.url()},
                                           {"disable_local_ca_jwt", true},
                                           {"kubernetes_ca_cert", ca.pem()},
                                           {"token_reviewer_jwt", issuer.Sign({{"sub", "reviewer"}})}});
  admin().Write("auth/kubernetes/role/signet", {{"bound_service_account_names", {"signet"}},
                                                {"bound_service_account_namespaces", {"kube-system"}},
                                                {"token_policies", {"signet"}}});
  kms::VaultAuthSettings auth;
  auth.method = VaultAuthMethod::kKubernetes;
  auth.mount = "kubernetes";
  auth.role = "signet";
  auth.secret_file = Secret(issuer.Sign(
      {{"sub", "system:serviceaccount:kube-system:signet"},
       {"kubernetes.io",
        {{"namespace", "kube-system"}, {"serviceaccount", {{"name", "signet"}, {"uid", "u-1"}}}}}}));
  Connect(auth);
  ASSERT_OK_AND_ASSIGN(const kms::WrapResult wrapped, Wrap());
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

}  // namespace
}  // namespace signet::testing

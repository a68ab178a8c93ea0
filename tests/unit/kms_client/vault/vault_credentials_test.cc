#include "kms_client/vault/vault_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_vault.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::FakeVault;
using ::signet::testing::MakeResponse;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::signet::testing::WriteSecretFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RecordingObserver final : public RemoteCallObserver {
 public:
  void OnCredentials(absl::string_view provider, absl::string_view what,
                     const absl::Status& status) override {
    events.push_back(absl::StrCat(provider, " ", what, " ", absl::StatusCodeToString(status.code())));
  }
  std::vector<std::string> events;
};

class VaultCredentialsTest : public ::testing::Test {
 protected:
  std::unique_ptr<CredentialsProvider> Make(VaultAuthMethod method, const std::string& mount,
                                            const std::string& secret) {
    VaultAuthSettings settings;
    settings.method = method;
    settings.mount = mount;
    settings.role = "signet";
    settings.role_id = FakeVault::kRoleId;
    settings.secret_file = file_;
    if (!secret.empty()) WriteSecretFile(file_, secret);
    return MakeVaultCredentials(settings, api_, "primary", observer_);
  }
  static const VaultToken& TokenOf(const IssuedCredentials& issued) {
    return static_cast<const VaultToken&>(*issued.credentials);
  }

  TempDir folder_;
  const std::string file_ = folder_.File("secret");
  FakeClock clock_;
  FakeVault vault_{clock_};
  VaultApi api_{{"http://vault-1"}, "", vault_.MakeTransport(), clock_};
  RecordingObserver observer_;
};

TEST_F(VaultCredentialsTest, EveryMethodLogsIn) {
  const std::pair<VaultAuthMethod, std::pair<const char*, const char*>> methods[] = {
      {VaultAuthMethod::kAppRole, {"approle", FakeVault::kSecretId}},
      {VaultAuthMethod::kKubernetes, {"kubernetes", FakeVault::kJwt}},
      {VaultAuthMethod::kJwt, {"jwt", FakeVault::kJwt}},
      {VaultAuthMethod::kCertificate, {"cert", ""}}};
  for (const auto& [method, rest] : methods) {
    const auto provider = Make(method, rest.first, rest.second);
    ASSERT_OK_AND_ASSIGN(const IssuedCredentials issued, provider->Fetch({}, nullptr));
    EXPECT_THAT(std::string(TokenOf(issued).token.Expose()), HasSubstr("token-of-the-fake"));
    EXPECT_TRUE(TokenOf(issued).is_proven);
    EXPECT_TRUE(TokenOf(issued).renewable);
    EXPECT_EQ(issued.lifetime, absl::Hours(1));
  }
  EXPECT_THAT(vault_.complaints(), ::testing::IsEmpty());
}

TEST_F(VaultCredentialsTest, RenewsUntilTheEndIsNearThenLogsInAgain) {
  vault_.SetLoginGrant({"lookup", "renew"}, absl::Minutes(60), absl::Minutes(100));
  const auto provider = Make(VaultAuthMethod::kAppRole, "approle", FakeVault::kSecretId);
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials first, provider->Fetch({}, nullptr));
  clock_.Advance(absl::Minutes(40));
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials renewed, provider->Fetch({}, first.credentials.get()));
  EXPECT_EQ(TokenOf(renewed).token.Expose(), TokenOf(first).token.Expose());
  EXPECT_EQ(renewed.lifetime, absl::Minutes(60));
  clock_.Advance(absl::Minutes(40));
  // 20 minutes are all that is left.
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials second, provider->Fetch({}, renewed.credentials.get()));
  EXPECT_NE(TokenOf(second).token.Expose(), TokenOf(first).token.Expose());
  EXPECT_EQ(second.lifetime, absl::Minutes(60));
  EXPECT_THAT(observer_.events, ElementsAre("primary login OK", "primary renewal OK", "primary renewal OK",
                                            "primary login OK"));
}

TEST_F(VaultCredentialsTest, LogsInAgainWhereRenewalIsRefused) {
  vault_.SetLoginGrant({"encrypt"}, absl::Hours(1), absl::Hours(2));
  const auto provider = Make(VaultAuthMethod::kAppRole, "approle", FakeVault::kSecretId);
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials first, provider->Fetch({}, nullptr));
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials second, provider->Fetch({}, first.credentials.get()));
  EXPECT_NE(TokenOf(second).token.Expose(), TokenOf(first).token.Expose());
}

TEST_F(VaultCredentialsTest, AWrongSecretIsUnavailableAndNamesTheCause) {
  const auto provider = Make(VaultAuthMethod::kAppRole, "approle", "hush-hush");
  EXPECT_THAT(provider->Fetch({}, nullptr),
              StatusIs(absl::StatusCode::kUnavailable,
                       ::testing::AllOf(HasSubstr("invalid role or secret ID"), Not(HasSubstr("hush")))));
}

TEST_F(VaultCredentialsTest, ReadsTheSecretAnewForEveryLogin) {
  const auto provider = Make(VaultAuthMethod::kAppRole, "approle", "old");
  EXPECT_THAT(provider->Fetch({}, nullptr), StatusIs(absl::StatusCode::kUnavailable));
  WriteSecretFile(file_, FakeVault::kSecretId);
  EXPECT_THAT(provider->Fetch({}, nullptr), ::signet::testing::IsOk());
}

TEST_F(VaultCredentialsTest, AFileThatIsNotThereIsNotFound) {
  EXPECT_THAT(Make(VaultAuthMethod::kAppRole, "approle", "")->Fetch({}, nullptr),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Make(VaultAuthMethod::kTokenFile, "", "")->Fetch({}, nullptr),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(VaultCredentialsTest, ATokenFileIsProvenByLookingItselfUp) {
  const std::string token = vault_.CreateToken({"lookup"}, absl::Minutes(30), false);
  const auto provider = Make(VaultAuthMethod::kTokenFile, "", token + "\n");
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials issued, provider->Fetch({}, nullptr));
  EXPECT_EQ(TokenOf(issued).token.Expose(), token);
  EXPECT_TRUE(TokenOf(issued).is_proven);
  EXPECT_FALSE(TokenOf(issued).renewable);
  EXPECT_EQ(issued.lifetime, absl::Minutes(30));
}

TEST_F(VaultCredentialsTest, ATokenWithoutEndNeverExpires) {
  const auto provider = Make(VaultAuthMethod::kTokenFile, "", "root");
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials issued, provider->Fetch({}, nullptr));
  EXPECT_EQ(issued.lifetime, absl::InfiniteDuration());
}

TEST_F(VaultCredentialsTest, ATokenThatMayNotLookItselfUpIsUsedUnproven) {
  const auto provider =
      Make(VaultAuthMethod::kTokenFile, "", vault_.CreateToken({"encrypt"}, absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials issued, provider->Fetch({}, nullptr));
  EXPECT_FALSE(TokenOf(issued).is_proven);
}

TEST_F(VaultCredentialsTest, NoticesAnotherTokenInTheFile) {
  const auto provider = Make(VaultAuthMethod::kTokenFile, "", "root");
  ASSERT_OK_AND_ASSIGN(const IssuedCredentials issued, provider->Fetch({}, nullptr));
  EXPECT_FALSE(provider->HasChanged(*issued.credentials));
  WriteSecretFile(file_, vault_.CreateToken({"lookup"}, absl::Hours(1)));
  EXPECT_TRUE(provider->HasChanged(*issued.credentials));
}

TEST_F(VaultCredentialsTest, AnAnswerThatIsNoVaultsIsUnavailable) {
  const auto provider = Make(VaultAuthMethod::kAppRole, "approle", FakeVault::kSecretId);
  for (const char* body :
       {"", "<html>", "{}", R"({"auth":null})", R"({"auth":{"client_token":""}})", R"({"client_token":"x"})",
        R"({"auth":{"client_token":"a"},"client_token":"b"})"}) {
    vault_.AnswerNext(1, MakeResponse(200, body));
    EXPECT_THAT(provider->Fetch({}, nullptr), StatusIs(absl::StatusCode::kUnavailable)) << body;
  }
}

}  // namespace
}  // namespace signet::kms

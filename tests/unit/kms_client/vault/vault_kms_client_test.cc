#include "kms_client/vault/vault_kms_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "kms_client/failure_class.h"
#include "kms_client/fingerprint.h"
#include "kms_client/retry_after.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_vault.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::kms {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::FakeVault;
using ::signet::testing::IsOk;
using ::signet::testing::MakeResponse;
using ::signet::testing::StatusIs;
using ::signet::testing::TempDir;
using ::signet::testing::WriteSecretFile;
using ::testing::HasSubstr;

class VaultKmsClientTest : public ::testing::Test {
 protected:
  VaultKmsClientTest() {
    vault_.CreateKey("k");
    WriteSecretFile(folder_.File("secret-id"), FakeVault::kSecretId);
    WriteSecretFile(folder_.File("token"), "root");
    settings_.addresses = {"http://vault-1", "http://vault-2"};
    settings_.key = "k";
    settings_.instance = "test";
    settings_.auth.method = VaultAuthMethod::kAppRole;
    settings_.auth.mount = "approle";
    settings_.auth.role_id = FakeVault::kRoleId;
    settings_.auth.secret_file = folder_.File("secret-id");
    client_ = Make(settings_);
  }
  std::unique_ptr<KmsClient> Make(const VaultSettings& settings) {
    return MakeVaultKmsClient(settings, vault_.MakeTransport(), "primary", clock_, observer_);
  }
  absl::StatusOr<WrapResult> Wrap() { return client_->Wrap({}, plaintext_, context_); }
  absl::Status Unwrap(const WrapResult& wrapped) {
    return client_->Unwrap({}, wrapped.backend_field, wrapped.blob, context_).status();
  }

  TempDir folder_;
  FakeClock clock_;
  FakeVault vault_{clock_};
  RemoteCallObserver observer_;
  VaultSettings settings_;
  std::unique_ptr<KmsClient> client_;
  const crypto::SecretBytes plaintext_ = *crypto::SecretBytes::Create(32);
  const WrapContext context_{"cluster-1"};
};

// Stored in every record: computed by hand, with another program, from the inputs that FORMAT.md names.
TEST_F(VaultKmsClientTest, TheFingerprintIsFixedForEver) {
  settings_.instance = "vault.example";
  settings_.name_space = "team-1";
  settings_.mount = "transit";
  settings_.key = "signet";
  const crypto::Fingerprint fingerprint = Make(settings_)->fingerprint();
  EXPECT_EQ(absl::BytesToHexString(
                absl::string_view(reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size())),
            "fd200331249d9557");
}

TEST_F(VaultKmsClientTest, TheFingerprintDependsOnTheKeyAndNotOnTheWayToIt) {
  VaultSettings other = settings_;
  other.addresses = {"https://elsewhere:8200"};
  other.auth = {};
  EXPECT_EQ(Make(other)->fingerprint(), client_->fingerprint());
  for (std::string VaultSettings::*const input :
       {&VaultSettings::instance, &VaultSettings::name_space, &VaultSettings::mount, &VaultSettings::key}) {
    other = settings_;
    other.*input += "x";
    EXPECT_NE(Make(other)->fingerprint(), client_->fingerprint());
  }
}

TEST_F(VaultKmsClientTest, ReadsTheKeyOnlyWhenItMayHaveChanged) {
  ASSERT_THAT(Wrap(), IsOk());
  for (int i = 0; i < 5; ++i) ASSERT_THAT(Wrap(), IsOk());
  EXPECT_EQ(vault_.requests("vault read key"), 1U);
  vault_.Rotate("k");
  ASSERT_OK_AND_ASSIGN(const WrapResult rotated, Wrap());
  EXPECT_EQ(rotated.version.number, 2U);
  EXPECT_EQ(vault_.requests("vault read key"), 2U);
}

TEST_F(VaultKmsClientTest, AKeyMadeAnewIsNotTakenForTheOldOne) {
  ASSERT_OK_AND_ASSIGN(const WrapResult before, Wrap());
  clock_.Advance(absl::Seconds(11));
  vault_.DeleteKey("k");
  vault_.CreateKey("k");
  ASSERT_OK_AND_ASSIGN(const WrapResult after, Wrap());
  EXPECT_EQ(after.version.number, before.version.number);
  EXPECT_NE(after.version.mark, before.version.mark);
}

TEST_F(VaultKmsClientTest, AnExpiredTokenIsReplacedWithoutAFailedCall) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.RevokeTokens();
  EXPECT_THAT(Unwrap(wrapped), IsOk());
  EXPECT_EQ(vault_.requests("vault login"), 2U);
}

TEST_F(VaultKmsClientTest, ManyCallsThatAreRefusedLogInOnce) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.RevokeTokens();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_THAT(Unwrap(wrapped), IsOk()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(vault_.requests("vault login"), 2U);
}

TEST_F(VaultKmsClientTest, APolicyThatDeniesIsDenialAfterOneLogin) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.SetPolicy({"encrypt", "read"});
  for (int i = 0; i < 5; ++i) {
    const absl::Status status = Unwrap(wrapped);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("vault decrypt")));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kDenied);
  }
  EXPECT_EQ(vault_.requests("vault login"), 2U);
}

TEST_F(VaultKmsClientTest, ARefusalWhileLoginFailsIsUnreachable) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.RevokeTokens();
  WriteSecretFile(folder_.File("secret-id"), "wrong");
  const absl::Status status = Unwrap(wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("vault decrypt: refused, and")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
}

TEST_F(VaultKmsClientTest, ATokenThatCannotProveItselfIsNeverDenial) {
  settings_.auth = {};
  settings_.auth.secret_file = folder_.File("token");
  WriteSecretFile(folder_.File("token"), vault_.CreateToken({"encrypt", "read"}, absl::Hours(1)));
  client_ = Make(settings_);
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  const absl::Status status = Unwrap(wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("may have expired")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
}

TEST_F(VaultKmsClientTest, WrapsUnderAKnownVersionWhileTheKeyMayNotBeRead) {
  ASSERT_OK_AND_ASSIGN(const WrapResult before, Wrap());
  vault_.SetPolicy({"encrypt", "decrypt"});
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const WrapResult after, Wrap());
  EXPECT_EQ(after.version, before.version);
  vault_.Rotate("k");
  EXPECT_EQ(GetFailureClass(Wrap().status()), FailureClass::kDenied);
}

TEST_F(VaultKmsClientTest, NeverWrapsUnderAKnownVersionWhenReadingTheKeyOnlyFails) {
  ASSERT_THAT(Wrap(), IsOk());
  clock_.Advance(absl::Minutes(1));
  vault_.DeleteKey("k");
  vault_.CreateKey("k");
  vault_.AnswerNext(1, MakeResponse(500, R"({"errors":["internal error"]})"), "vault read key");
  EXPECT_EQ(GetFailureClass(Wrap().status()), FailureClass::kUnreachable);
}

TEST_F(VaultKmsClientTest, TriesOnceMoreWhereANodeMayLagBehind) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.AnswerNext(1, MakeResponse(400, R"({"errors":["invalid ciphertext: version is too new"]})"));
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

TEST_F(VaultKmsClientTest, PassesThrottlingOn) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.AnswerNext(1, MakeResponse(429, "{}", "Retry-After: 2\r\n"));
  const absl::Status status = Unwrap(wrapped);
  EXPECT_EQ(GetFailureClass(status), FailureClass::kThrottled);
  EXPECT_EQ(GetRetryAfter(status), absl::Seconds(2));
}

TEST_F(VaultKmsClientTest, GarbageIsUnreachable) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  for (const char* body : {"", "garbage", "{}", R"({"data":{}})", R"({"data":{"plaintext":7}})"}) {
    vault_.AnswerNext(1, MakeResponse(200, body));
    EXPECT_EQ(GetFailureClass(Unwrap(wrapped)), FailureClass::kUnreachable) << body;
    vault_.AnswerNext(1, MakeResponse(200, body));
    EXPECT_EQ(GetFailureClass(Wrap().status()), FailureClass::kUnreachable) << body;
    vault_.AnswerNext(1, MakeResponse(200, body));
    EXPECT_EQ(GetFailureClass(client_->Describe({}).status()), FailureClass::kUnreachable) << body;
  }
}

TEST_F(VaultKmsClientTest, ANodeThatDiesIsLeftForTheOther) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.SetDown("vault-1", true);
  EXPECT_THAT(Unwrap(wrapped), IsOk());
  vault_.SetDown("vault-2", true);
  EXPECT_EQ(GetFailureClass(Unwrap(wrapped)), FailureClass::kUnreachable);
  vault_.SetDown("vault-1", false);
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

TEST_F(VaultKmsClientTest, SealedIsUnreachableAndUnsealingIsEnough) {
  ASSERT_OK_AND_ASSIGN(const WrapResult wrapped, Wrap());
  vault_.SetSealed(true);
  const absl::Status status = Unwrap(wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("sealed")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  vault_.SetSealed(false);
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

}  // namespace
}  // namespace signet::kms

// What administrators do to a Transit key, and what our client says to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "kms_client/failure_class.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using kms::FailureClass;
using kms::GetFailureClass;
using kms::HttpMethod;
using ::testing::HasSubstr;

class OpenBaoKeyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!OpenBaoPath().empty()) server = new OpenBaoServer();
  }
  static void TearDownTestSuite() {
    delete server;
    server = nullptr;
  }
  void SetUp() override {
    if (server == nullptr) GTEST_SKIP() << "SIGNET_BAO is not set";
    key_ = absl::StrCat("key-", next_key++);
    WriteSecretFile(folder_.File("token"), "root");
    client_ = Connect(Settings());
  }
  kms::VaultSettings Settings() { return SettingsFor({server->address()}, key_, folder_.File("token")); }
  std::unique_ptr<kms::KmsClient> Connect(const kms::VaultSettings& settings) {
    return ConnectOpenBao(settings, observer_);
  }
  OpenBaoAdmin& admin() { return server->admin(); }
  void CreateKey() {
    admin().Write("transit/keys/" + key_);
    Configure({{"deletion_allowed", true}});
  }
  void Configure(const nlohmann::json& settings) {
    admin().Write(absl::StrCat("transit/keys/", key_, "/config"), settings);
  }
  void DeleteKey() { admin().Do(HttpMethod::kDelete, "transit/keys/" + key_); }
  kms::WrapResult Wrap() {
    absl::StatusOr<kms::WrapResult> wrapped = client_->Wrap({}, plaintext_, context_);
    EXPECT_THAT(wrapped, IsOk());
    return wrapped.ok() ? *std::move(wrapped) : kms::WrapResult{};
  }
  absl::Status Unwrap(const kms::WrapResult& wrapped) {
    return client_->Unwrap({}, wrapped.backend_field, wrapped.blob, context_).status();
  }
  void ExpectClass(const absl::Status& status, absl::StatusCode code, FailureClass failure,
                   const std::string& text) {
    EXPECT_THAT(status, StatusIs(code, HasSubstr(text)));
    EXPECT_EQ(GetFailureClass(status), failure) << status;
  }

  static inline OpenBaoServer* server = nullptr;
  static inline int next_key = 1;
  TempDir folder_;
  std::string key_;
  kms::RemoteCallObserver observer_;
  std::unique_ptr<kms::KmsClient> client_;
  const crypto::SecretBytes plaintext_ = *crypto::SecretBytes::Create(32);
  const kms::WrapContext context_{"cluster-1"};
};

TEST_F(OpenBaoKeyTest, RotatesByItself) {
  CreateKey();
  const kms::WrapResult first = Wrap();
  EXPECT_THAT(client_->Rotate({}), IsOk());
  const kms::WrapResult second = Wrap();
  EXPECT_EQ(second.version.number, 2U);
  EXPECT_THAT(Unwrap(first), IsOk());
  EXPECT_THAT(Unwrap(second), IsOk());
}

TEST_F(OpenBaoKeyTest, AKeyDeletedAndMadeAnewIsAnotherVersionOne) {
  CreateKey();
  const kms::WrapResult before = Wrap();
  DeleteKey();
  ExpectClass(client_->Describe({}).status(), absl::StatusCode::kNotFound, FailureClass::kRevoked,
              "there is no such key");
  ExpectClass(Unwrap(before), absl::StatusCode::kNotFound, FailureClass::kRevoked, "the key is deleted");
  // Vault tells the time of creation in whole seconds.
  const absl::Time deleted = absl::Now();
  ASSERT_TRUE(PollUntil([&] { return absl::ToUnixSeconds(absl::Now()) > absl::ToUnixSeconds(deleted); }));
  CreateKey();
  ASSERT_OK_AND_ASSIGN(const kms::KeyDescription after, client_->Describe({}));
  EXPECT_EQ(after.current.number, before.version.number);
  EXPECT_NE(after.current.mark, before.version.mark);
  EXPECT_EQ(Wrap().version, after.current);
  ExpectClass(Unwrap(before), absl::StatusCode::kDataLoss, FailureClass::kBadBlob, "does not open");
}

TEST_F(OpenBaoKeyTest, RaisingMinDecryptionVersionClosesOldVersionsUntilItIsLowered) {
  CreateKey();
  const kms::WrapResult old = Wrap();
  EXPECT_THAT(client_->Rotate({}), IsOk());
  Configure({{"min_decryption_version", 2}});
  ExpectClass(Unwrap(old), absl::StatusCode::kFailedPrecondition, FailureClass::kBadBlob,
              "below min_decryption_version");
  EXPECT_THAT(Unwrap(Wrap()), IsOk());
  Configure({{"min_decryption_version", 1}});
  EXPECT_THAT(Unwrap(old), IsOk());
}

TEST_F(OpenBaoKeyTest, SaysWhyAKeyCannotServe) {
  admin().Write("transit/keys/" + key_, {{"type", "rsa-2048"}});
  for (const absl::Status& status :
       {client_->Describe({}).status(), client_->Wrap({}, plaintext_, context_).status()}) {
    ExpectClass(status, absl::StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
                "make an aes256-gcm96 key");
  }
  key_ += "-derived";
  client_ = Connect(Settings());
  admin().Write("transit/keys/" + key_, {{"derived", true}});
  for (const absl::Status& status :
       {client_->Describe({}).status(), client_->Wrap({}, plaintext_, context_).status()}) {
    ExpectClass(status, absl::StatusCode::kFailedPrecondition, FailureClass::kUnreachable,
                "make a key without `derived`");
  }
}

TEST_F(OpenBaoKeyTest, ServesEveryTypeWithAssociatedData) {
  for (const char* type : {"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305"}) {
    key_ = absl::StrCat("key-", type);
    client_ = Connect(Settings());
    admin().Write("transit/keys/" + key_, {{"type", type}});
    EXPECT_THAT(Unwrap(Wrap()), IsOk()) << type;
  }
}

TEST_F(OpenBaoKeyTest, SaysWhatIsWrongInTheConfiguration) {
  kms::VaultSettings settings = Settings();
  settings.mount = "elsewhere";
  ExpectClass(Connect(settings)->Describe({}).status(), absl::StatusCode::kUnavailable,
              FailureClass::kUnreachable, "check mount");
  settings = Settings();
  settings.name_space = "nowhere";
  const absl::Status status = Connect(settings)->Describe({}).status();
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable) << status;
}

TEST_F(OpenBaoKeyTest, IsUnreachableWhileSealedAndBackWhenUnsealed) {
  CreateKey();
  const kms::WrapResult wrapped = Wrap();
  server->Seal();
  ExpectClass(Unwrap(wrapped), absl::StatusCode::kUnavailable, FailureClass::kUnreachable, "sealed");
  ExpectClass(client_->Describe({}).status(), absl::StatusCode::kUnavailable, FailureClass::kUnreachable,
              "sealed");
  server->Unseal();
  EXPECT_THAT(Unwrap(wrapped), IsOk());
}

TEST_F(OpenBaoKeyTest, ASpareAddressTakesOver) {
  CreateKey();
  kms::VaultSettings settings = Settings();
  settings.addresses.insert(settings.addresses.begin(), absl::StrCat("http://127.0.0.1:", FreePort()));
  client_ = Connect(settings);
  EXPECT_THAT(Unwrap(Wrap()), IsOk());
}

}  // namespace
}  // namespace signet::testing

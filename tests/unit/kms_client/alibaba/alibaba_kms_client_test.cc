// The alibaba provider against the strict fake: what the contract does not ask.
#include "kms_client/alibaba/alibaba_kms_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet::kms {
namespace {

using testing::FakeAlibaba;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

constexpr char kKey[] = "key-hzz0000000000000001";

class AlibabaKmsClientTest : public ::testing::Test {
 protected:
  AlibabaKmsClientTest() {
    cloud_.CreateKey(kKey);
    WriteKeyFile(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret);
    settings_ = testing::AlibabaSettingsFor(cloud_, kKey, folder_.File("key"));
  }
  ~AlibabaKmsClientTest() override { EXPECT_EQ(cloud_.Look()["complaints"], nlohmann::json::array()); }

  void WriteKeyFile(const std::string& id, const std::string& secret, const std::string& token = "",
                    const std::string& expiration = "") {
    testing::WriteSecretFile(folder_.File("key"), testing::AccessKeyJson(id, secret, token, expiration));
  }
  KmsClient& client() {
    if (client_ == nullptr) client_ = testing::ConnectAlibaba(settings_, cloud_, observer_);
    return *client_;
  }
  static CallContext Call() {
    CallContext call;
    call.deadline = SystemClock().Monotonic() + absl::Seconds(30);
    return call;
  }
  absl::StatusOr<WrapResult> Wrap() {
    absl::StatusOr<crypto::SecretBytes> bytes = crypto::SecretBytes::Create(32);
    std::fill(bytes->ExposeMutable().begin(), bytes->ExposeMutable().end(), 0x42);
    return client().Wrap(Call(), *bytes, context_);
  }
  absl::Status Unwrap(const WrapResult& wrapped) {
    return client().Unwrap(Call(), wrapped.backend_field, wrapped.blob, context_).status();
  }
  int Count(const std::string& action) { return cloud_.Look()["counts"].value(action, 0); }

  testing::TempDir folder_;
  FakeAlibaba cloud_;
  RemoteCallObserver observer_;
  AlibabaSettings settings_;
  std::unique_ptr<KmsClient> client_;
  const WrapContext context_{"cluster-1"};
};

TEST_F(AlibabaKmsClientTest, StartsBeforeItsCredentialsAreThere) {
  std::remove(folder_.File("key").c_str());
  const absl::Status missing = Wrap().status();
  EXPECT_EQ(GetFailureClass(missing), FailureClass::kUnreachable) << missing;
  WriteKeyFile(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret);
  // The source is not asked again at once.
  EXPECT_TRUE(testing::PollUntil([&] { return Wrap().ok(); }));
}

TEST_F(AlibabaKmsClientTest, ReadsAnAccessKeyThatChanges) {
  ASSERT_THAT(Wrap(), IsOk());
  cloud_.Control("add_access_key", {{"access_key", {{"key_id", "LTAI.next"}, {"secret", "next"}}}});
  WriteKeyFile("LTAI.next", "next");
  EXPECT_THAT(Wrap(), IsOk());
}

TEST_F(AlibabaKmsClientTest, AWrongSecretSaysSoAndPurgesNothing) {
  WriteKeyFile(FakeAlibaba::kAccessKeyId, "wrong");
  const absl::Status status = Wrap().status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("check the access key's secret")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("wrong")));
}

TEST_F(AlibabaKmsClientTest, ADeniedActionIsDenied) {
  absl::StatusOr<WrapResult> wrapped = Wrap();
  ASSERT_THAT(wrapped, IsOk());
  cloud_.Permit({"Encrypt", "DescribeKey"});
  EXPECT_THAT(Wrap(), IsOk());
  const absl::Status status = Unwrap(*wrapped);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("Forbidden.NoPermission")));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kDenied);
}

TEST_F(AlibabaKmsClientTest, AnUnpaidBillIsUnreachable) {
  cloud_.AnswerNext(1, 403, R"({"Code":"Forbidden.InDebt","RequestId":"1"})");
  const absl::Status status = Wrap().status();
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("unpaid"));
}

TEST_F(AlibabaKmsClientTest, FollowsTheEndpointsClock) {
  for (const int skew : {7200, -7200}) {
    cloud_.Control("set_identity", {{"set", {{"skew", skew}}}});
    EXPECT_THAT(Wrap(), IsOk()) << skew;
  }
}

TEST_F(AlibabaKmsClientTest, SignsAnewWhenANonceWasSeen) {
  cloud_.AnswerNext(1, 400, R"({"Code":"SignatureNonceUsed","RequestId":"1"})");
  EXPECT_THAT(Wrap(), IsOk());
}

TEST_F(AlibabaKmsClientTest, RefusesARegionThatIsNotTheKeys) {
  settings_.region = "cn-beijing";
  const absl::Status status = client().Describe(Call()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr(absl::StrCat("acs:kms:cn-hangzhou:1234567890:key/", kKey))));
  EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
}

TEST_F(AlibabaKmsClientTest, DescribesEveryStateOfAKey) {
  const std::map<std::string, FailureClass> states = {{"Disabled", FailureClass::kRevoked},
                                                      {"PendingDeletion", FailureClass::kRevoked},
                                                      {"PendingImport", FailureClass::kRevoked},
                                                      {"Unavailable", FailureClass::kUnreachable}};
  for (const auto& [state, failure] : states) {
    cloud_.SetKeyState(kKey, state);
    EXPECT_EQ(GetFailureClass(client().Describe(Call()).status()), failure) << state;
    EXPECT_EQ(GetFailureClass(Wrap().status()), failure) << state;
  }
}

TEST_F(AlibabaKmsClientTest, ListsVersionsWhereNonePrimaryIsNamed) {
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"tells_primary", false}}}});
  const absl::StatusOr<KeyDescription> description = client().Describe(Call());
  ASSERT_THAT(description, IsOk());
  EXPECT_EQ(description->current.mark, cloud_.Look()["versions"][kKey][0]);
  EXPECT_EQ(Count("Encrypt"), 0);
}

TEST_F(AlibabaKmsClientTest, AsksEncryptWhereVersionsCannotBeToldApart) {
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"tells_primary", false}}}});
  cloud_.Rotate(kKey);
  const absl::StatusOr<KeyDescription> description = client().Describe(Call());
  ASSERT_THAT(description, IsOk());
  EXPECT_EQ(description->current.mark, cloud_.Look()["versions"][kKey][1]);
}

TEST_F(AlibabaKmsClientTest, RotatesTheKey) {
  const absl::StatusOr<KeyDescription> before = client().Describe(Call());
  ASSERT_THAT(client().Rotate(Call()), IsOk());
  const absl::StatusOr<KeyDescription> after = client().Describe(Call());
  ASSERT_THAT(after, IsOk());
  EXPECT_NE(before->current.mark, after->current.mark);
}

TEST_F(AlibabaKmsClientTest, ADedicatedGatewayDoesNotRotate) {
  settings_.is_dedicated = true;
  EXPECT_THAT(client().Rotate(Call()), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(AlibabaKmsClientTest, UsesTheRoleOfTheInstance) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  for (const bool hardened : {true, false}) {
    cloud_.Control("set_identity", {{"set", {{"hardened", hardened}}}});
    client_ = nullptr;
    EXPECT_THAT(Wrap(), IsOk()) << hardened;
  }
}

TEST_F(AlibabaKmsClientTest, SaysThatTheInstanceHasNoRole) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  cloud_.Control("set_identity", {{"set", {{"role", ""}}}});
  EXPECT_THAT(std::string(Wrap().status().message()), HasSubstr("this instance has no RAM role"));
}

TEST_F(AlibabaKmsClientTest, AssumesARoleWithATokenOfAnIdentityProvider) {
  settings_.auth.source = AlibabaCredentialSource::kOidc;
  settings_.auth.oidc_provider_arn = FakeAlibaba::kOidcProvider;
  settings_.auth.oidc_role_arn = FakeAlibaba::kRole;
  testing::WriteSecretFile(folder_.File("key"), FakeAlibaba::kOidcToken);
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(Count("AssumeRoleWithOIDC"), 1);
}

TEST_F(AlibabaKmsClientTest, AssumesARoleWithAnAccessKey) {
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  settings_.auth.external_id = "signet";
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(Count("AssumeRole"), 1);
  settings_.auth.assume_role_arn = "acs:ram::1:role/none";
  client_ = nullptr;
  EXPECT_THAT(Wrap().status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("EntityNotExist.Role")));
}

TEST_F(AlibabaKmsClientTest, GetsNewCredentialsWhenOldOnesAreRefused) {
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  ASSERT_THAT(Wrap(), IsOk());
  cloud_.Control("remove_access_keys");
  cloud_.Control(
      "add_access_key",
      {{"access_key", {{"key_id", FakeAlibaba::kAccessKeyId}, {"secret", FakeAlibaba::kAccessKeySecret}}}});
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(Count("AssumeRole"), 2);
}

TEST_F(AlibabaKmsClientTest, AKeyThatIsNotTheConfiguredOneNeverWraps) {
  cloud_.AnswerNext(1, 200,
                    absl::StrCat(R"({"KeyId":"key-other","KeyVersionId":"v","CiphertextBlob":")",
                                 std::string(64, 'A'), R"("})"));
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the key's own id")));
}

TEST_F(AlibabaKmsClientTest, HonoursHowLongToWait) {
  cloud_.AnswerNext(1, 429, R"({"Code":"Rejected.Throttling","RequestId":"1"})",
                    {{"x-acs-retry-after", "250"}});
  const absl::Status status = Wrap().status();
  EXPECT_EQ(GetFailureClass(status), FailureClass::kThrottled);
}

TEST_F(AlibabaKmsClientTest, RefusesAnswersThatAreNone) {
  for (const char* body :
       {"", "{}", "[]", "null", R"({"KeyId":"k"})", R"({"KeyId":"k","KeyId":"k"})", "<html>no</html>"}) {
    cloud_.AnswerNext(1, 200, body);
    EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kUnavailable)) << body;
  }
}

}  // namespace
}  // namespace signet::kms

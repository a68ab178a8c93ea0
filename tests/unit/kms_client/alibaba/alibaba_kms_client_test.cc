// The alibaba provider against the strict fake: what the contract does not ask.
#include "kms_client/alibaba/alibaba_kms_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kms_client/failure_class.h"
#include "kms_client/retry_after.h"
#include "tests/testing/alibaba_test.h"
#include "tests/testing/skewed_clock.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using testing::FakeAlibaba;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

class AlibabaKmsClientTest : public testing::AlibabaTest {};

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
  cloud_.Control("set_identity", {{"set", {{"unpaid", true}}}});
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
  EXPECT_EQ(cloud_.Count("Encrypt"), 0);
}

TEST_F(AlibabaKmsClientTest, AsksEncryptWhereVersionsCannotBeToldApart) {
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"tells_primary", false}}}});
  cloud_.Rotate(kKey);
  const absl::StatusOr<KeyDescription> description = client().Describe(Call());
  ASSERT_THAT(description, IsOk());
  EXPECT_EQ(description->current.mark, cloud_.Look()["versions"][kKey][1]);
}

// The policy that signetctl prints lacks ListKeyVersions, which most keys never need.
TEST_F(AlibabaKmsClientTest, RemembersForAnHourThatVersionsCannotBeTold) {
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"tells_primary", false}}}});
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  for (const bool is_permitted : {false, true}) {
    cloud_.Permit({"AssumeRole", "Encrypt", "Decrypt", "DescribeKey", is_permitted ? "ListKeyVersions" : ""});
    if (is_permitted) cloud_.Rotate(kKey);
    testing::SkewedClock clock;
    client_ = testing::ConnectAlibaba(settings_, cloud_, observer_, "", clock);
    const auto counts = [this](const char* action) { return cloud_.Count(action); };
    const int describes = counts("DescribeKey");
    const int lists = counts("ListKeyVersions");
    const int encrypts = counts("Encrypt");
    const int roles = counts("AssumeRole");
    for (int i = 0; i < 3; ++i) {
      const absl::StatusOr<KeyDescription> description = client().Describe(Call());
      ASSERT_THAT(description, IsOk());
      EXPECT_EQ(description->current.mark, cloud_.Look()["versions"][kKey].back());
    }
    EXPECT_EQ(counts("DescribeKey"), describes + 1);
    EXPECT_EQ(counts("ListKeyVersions"), lists + 1);
    EXPECT_EQ(counts("Encrypt"), encrypts + 3);
    // What the access key may not do is no reason for a new one: DescribeKey just worked with it.
    EXPECT_EQ(counts("AssumeRole"), roles + 1);
    clock.Suspend(absl::Minutes(61));
    EXPECT_THAT(client().Describe(Call()), IsOk());
    EXPECT_EQ(counts("ListKeyVersions"), lists + 2);
  }
}

TEST_F(AlibabaKmsClientTest, DoesNotRememberThatVersionsCouldNotBeListedJustNow) {
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"tells_primary", false}}}});
  cloud_.Control("set_identity", {{"set", {{"fails", {"ListKeyVersions"}}}}});
  EXPECT_THAT(client().Describe(Call()), IsOk());
  cloud_.Control("set_identity", {{"set", {{"fails", nlohmann::json::array()}}}});
  const int encrypts = cloud_.Count("Encrypt");
  EXPECT_THAT(client().Describe(Call()), IsOk());
  EXPECT_EQ(cloud_.Count("Encrypt"), encrypts);
}

TEST_F(AlibabaKmsClientTest, RotatesTheKey) {
  const absl::StatusOr<KeyDescription> before = client().Describe(Call());
  ASSERT_THAT(client().Rotate(Call()), IsOk());
  const absl::StatusOr<KeyDescription> after = client().Describe(Call());
  ASSERT_THAT(after, IsOk());
  EXPECT_NE(before->current.mark, after->current.mark);
}

// On a kept connection libcurl would send it again by itself, and its nonce would be refused.
TEST_F(AlibabaKmsClientTest, ARotationWhoseAnswerIsLostMakesOneVersionAtMost) {
  ASSERT_THAT(Wrap(), IsOk());
  cloud_.Fault("drop", 1);
  EXPECT_THAT(client().Rotate(Call()),
              StatusIs(absl::StatusCode::kUnavailable, ::testing::Not(HasSubstr("nonce"))));
  EXPECT_EQ(cloud_.Look()["versions"][kKey].size(), 2U);
}

TEST_F(AlibabaKmsClientTest, ADedicatedGatewayDoesNotRotate) {
  settings_.is_dedicated = true;
  EXPECT_THAT(client().Rotate(Call()), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(AlibabaKmsClientTest, AKeyThatIsNotTheConfiguredOneNeverWraps) {
  cloud_.AnswerNext(1, 200,
                    absl::StrCat(R"({"KeyId":"key-other","KeyVersionId":"v","CiphertextBlob":")",
                                 std::string(64, 'A'), R"("})"));
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the key's own id")));
}

TEST_F(AlibabaKmsClientTest, AnAliasIsNoKey) {
  cloud_.Control("create_alias", {{"alias", "alias/signet"}, {"key", kKey}});
  settings_.key_id = "alias/signet";
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the key's own id")));
}

TEST_F(AlibabaKmsClientTest, ADeletedKeyIsRevoked) {
  const absl::StatusOr<WrapResult> wrapped = Wrap();
  ASSERT_THAT(wrapped, IsOk());
  cloud_.Control("delete_key", {{"key", kKey}});
  for (const absl::Status& status : {Unwrap(*wrapped), Wrap().status(), client().Describe(Call()).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, HasSubstr("Forbidden.KeyNotFound")));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kRevoked);
  }
}

// Otherwise whoever writes to etcd could have our keys purged with a blob of a key that is disabled.
TEST_F(AlibabaKmsClientTest, TheStateOfAnotherKeyRevokesNothing) {
  testing::SkewedClock clock;
  const char* const other = "key-hzz0000000000000002";
  cloud_.CreateKey(other);
  settings_.key_id = other;
  const absl::StatusOr<WrapResult> foreign = Wrap();
  ASSERT_THAT(foreign, IsOk());
  settings_.key_id = kKey;
  for (const bool is_dedicated : {false, true}) {
    settings_.is_dedicated = is_dedicated;
    client_ = testing::ConnectAlibaba(settings_, cloud_, observer_, "", clock);
    for (const char* const state : {"Disabled", "PendingDeletion", "PendingImport", "Unavailable"}) {
      cloud_.SetKeyState(other, state);
      EXPECT_EQ(GetFailureClass(Unwrap(*foreign)), FailureClass::kBadBlob) << state;
    }
    // What is known of our key is not believed for long.
    clock.Suspend(absl::Minutes(1));
    cloud_.SetKeyState(kKey, "Disabled");
    EXPECT_EQ(GetFailureClass(Unwrap(*foreign)), FailureClass::kRevoked);
    cloud_.SetKeyState(kKey, "Enabled");
  }
}

// What a blob of another key gets under a policy that names ours alone.
class ForeignBlobTest : public AlibabaKmsClientTest {
 protected:
  static constexpr char kOther[] = "key-hzz0000000000000002";

  ForeignBlobTest() {
    cloud_.CreateKey(kOther);
    own_ = *Wrap();
    settings_.key_id = kOther;
    client_ = nullptr;
    for (WrapResult& blob : foreign_) blob = *Wrap();
    settings_.key_id = kKey;
    client_ = testing::ConnectAlibaba(settings_, cloud_, observer_, "", clock_);
  }
  void Permit(const std::vector<std::string>& actions) { cloud_.Permit(actions, {kKey}); }

  testing::SkewedClock clock_;
  WrapResult own_;
  std::array<WrapResult, 3> foreign_;
};

TEST_F(ForeignBlobTest, IsABadBlobAndNoDenial) {
  Permit({"Encrypt", "Decrypt", "DescribeKey"});
  EXPECT_THAT(Unwrap(foreign_[0]), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("of another key")));
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kBadBlob);
  EXPECT_THAT(Unwrap(own_), IsOk());
}

TEST_F(ForeignBlobTest, IsABadBlobForTheTokenOfAFileThatNamesNoEnd) {
  cloud_.Control("add_access_key",
                 {{"access_key", {{"key_id", "STS.one"}, {"secret", "secret"}, {"token", "token"}}}});
  WriteKeyFile("STS.one", "secret", "token");
  Permit({"Encrypt", "Decrypt"});
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kBadBlob);
}

TEST_F(ForeignBlobTest, CostsNoProofEach) {
  Permit({"Encrypt", "Decrypt"});
  const int decrypts = cloud_.Count("Decrypt");
  const int encrypts = cloud_.Count("Encrypt");
  for (const WrapResult& blob : foreign_) EXPECT_EQ(GetFailureClass(Unwrap(blob)), FailureClass::kBadBlob);
  EXPECT_EQ(cloud_.Count("Encrypt"), encrypts + 1);
  // The first is tried with new credentials, too; and the proof.
  EXPECT_LE(cloud_.Count("Decrypt"), decrypts + 3 + 2);
  // Nothing is believed for long.
  clock_.Suspend(absl::Minutes(1));
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kBadBlob);
  EXPECT_EQ(cloud_.Count("Encrypt"), encrypts + 2);
}

TEST_F(ForeignBlobTest, IsTheSameAsOurOwnOnceDecryptIsTakenAway) {
  Permit({"Encrypt", "DescribeKey"});
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kDenied);
  EXPECT_EQ(GetFailureClass(Unwrap(own_)), FailureClass::kDenied);
  Permit({});
  clock_.Suspend(absl::Minutes(1));
  EXPECT_EQ(GetFailureClass(Unwrap(own_)), FailureClass::kDenied);
}

// A provider that only reads has a policy without Encrypt: what it opened before is proof enough.
TEST_F(ForeignBlobTest, IsKnownByAProviderThatOnlyReads) {
  Permit({"Decrypt"});
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kDenied);
  EXPECT_THAT(Unwrap(own_), IsOk());
  clock_.Suspend(absl::Minutes(1));
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kBadBlob);
}

TEST_F(ForeignBlobTest, SaysNothingWhileTheProofFails) {
  Permit({"Encrypt", "Decrypt"});
  cloud_.Control("set_key", {{"key", kKey}, {"set", {{"state", "Unavailable"}}}});
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kUnreachable);
  cloud_.SetKeyState(kKey, "Disabled");
  EXPECT_EQ(GetFailureClass(Unwrap(foreign_[0])), FailureClass::kRevoked);
}

TEST_F(ForeignBlobTest, ManyAtOnceShareOneProof) {
  Permit({"Encrypt", "Decrypt"});
  const int encrypts = cloud_.Count("Encrypt");
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      EXPECT_EQ(GetFailureClass(Unwrap(foreign_[static_cast<size_t>(i) % foreign_.size()])),
                FailureClass::kBadBlob);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(cloud_.Count("Encrypt"), encrypts + 1);
}

TEST_F(AlibabaKmsClientTest, SendsParametersInQueryOrBody) {
  for (const bool in_body : {false, true}) {
    settings_.parameters_in_body = in_body;
    client_ = nullptr;
    const absl::StatusOr<WrapResult> wrapped = Wrap();
    ASSERT_THAT(wrapped, IsOk());
    EXPECT_THAT(Unwrap(*wrapped), IsOk());
    EXPECT_EQ(cloud_.Look().at("journal").back().at("in_body"), in_body);
  }
}

TEST_F(AlibabaKmsClientTest, AnAnswerThatBreaksOffIsUnreachable) {
  cloud_.Fault("cut", 1);
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("alibaba Encrypt")));
  EXPECT_THAT(Wrap(), IsOk());
}

// libcurl sends a request again when an idle connection turns out dead; its nonce may have been seen by then.
TEST_F(AlibabaKmsClientTest, AConnectionThatDiedIdleIsNotNoticed) {
  ASSERT_THAT(Wrap(), IsOk());
  cloud_.Fault("drop", 1);
  EXPECT_THAT(Wrap(), IsOk());
}

TEST_F(AlibabaKmsClientTest, HonoursHowLongToWait) {
  cloud_.AnswerNext(1, 429, R"({"Code":"Rejected.Throttling","RequestId":"1"})",
                    {{"x-acs-retry-after", "250"}});
  const absl::Status status = Wrap().status();
  EXPECT_EQ(GetFailureClass(status), FailureClass::kThrottled);
  EXPECT_EQ(GetRetryAfter(status), absl::Milliseconds(250));
}

TEST_F(AlibabaKmsClientTest, HonoursHowLongToWaitInSeconds) {
  cloud_.AnswerNext(1, 429, R"({"Code":"Rejected.Throttling","RequestId":"1"})", {{"Retry-After", "3"}});
  EXPECT_EQ(GetRetryAfter(Wrap().status()), absl::Seconds(3));
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

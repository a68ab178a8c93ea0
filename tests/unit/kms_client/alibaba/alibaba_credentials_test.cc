// Where the alibaba provider's access keys come from, against the strict fake.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kms_client/alibaba/alibaba_kms_client.h"
#include "kms_client/failure_class.h"
#include "tests/testing/alibaba_test.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/poll.h"
#include "tests/testing/skewed_clock.h"
#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using testing::FakeAlibaba;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

class AlibabaCredentialsTest : public testing::AlibabaTest {
 protected:
  // A member of fake_alibaba/identity.py.
  template <typename T>
  void Set(const char* name, const T& value) {
    cloud_.Control("set_identity", {{"set", {{name, value}}}});
  }
  void UseOidc() {
    settings_.auth.source = AlibabaCredentialSource::kOidc;
    settings_.auth.oidc_provider_arn = FakeAlibaba::kOidcProvider;
    settings_.auth.oidc_role_arn = FakeAlibaba::kRole;
    testing::WriteSecretFile(key_file(), FakeAlibaba::kOidcToken);
  }
  // A temporary key with the secret "secret" and the token "token".
  void AddStsKey(const std::string& id, absl::Duration lifetime) {
    cloud_.Control("add_access_key", {{"access_key",
                                       {{"key_id", id},
                                        {"secret", "secret"},
                                        {"token", "token"},
                                        {"expires", absl::ToUnixSeconds(SystemClock().Wall() + lifetime)}}}});
  }
  static std::string InAnHour() {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", SystemClock().Wall() + absl::Hours(1), absl::UTCTimeZone());
  }
};

TEST_F(AlibabaCredentialsTest, StartsBeforeItsCredentialsAreThere) {
  std::remove(key_file().c_str());
  const absl::Status missing = Wrap().status();
  EXPECT_EQ(GetFailureClass(missing), FailureClass::kUnreachable) << missing;
  WriteKeyFile(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret);
  // The source is not asked again at once.
  EXPECT_TRUE(testing::PollUntil([&] { return Wrap().ok(); }, std::chrono::minutes(2)));
}

TEST_F(AlibabaCredentialsTest, ReadsAnAccessKeyThatChanges) {
  ASSERT_THAT(Wrap(), IsOk());
  cloud_.Control("add_access_key", {{"access_key", {{"key_id", "LTAI.next"}, {"secret", "next"}}}});
  WriteKeyFile("LTAI.next", "next");
  EXPECT_THAT(Wrap(), IsOk());
}

TEST_F(AlibabaCredentialsTest, UsesTheRoleOfTheInstance) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  EXPECT_THAT(Wrap(), IsOk());
  // Once for the role's name, once for its key, each with a token of the hardened mode.
  EXPECT_EQ(cloud_.Look().at("metadata_reads"), nlohmann::json({"hardened", "hardened"}));
}

TEST_F(AlibabaCredentialsTest, ReadsTheNamedRoleAlone) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  settings_.auth.ecs_role = "signet-node";
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(cloud_.Look().at("metadata_reads"), nlohmann::json({"hardened"}));
  settings_.auth.ecs_role = "another";
  client_ = nullptr;
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no RAM role another")));
}

TEST_F(AlibabaCredentialsTest, AsksWithoutATokenOnlyWhereThereIsNone) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  Set("hardened", false);
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(cloud_.Look().at("metadata_reads"), nlohmann::json({"plain", "plain"}));
}

TEST_F(AlibabaCredentialsTest, SaysThatTheInstanceHasNoRole) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  Set("role", "");
  EXPECT_THAT(std::string(Wrap().status().message()), HasSubstr("this instance has no RAM role"));
}

TEST_F(AlibabaCredentialsTest, GivesUpWhereTheHardenedModeFails) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  Set("hardened", "refuses");
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("gave no token (HTTP 500)")));
  EXPECT_EQ(cloud_.Look().at("metadata_reads"), nlohmann::json::array());
}

TEST_F(AlibabaCredentialsTest, AssumesARoleWithATokenOfAnIdentityProvider) {
  UseOidc();
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(cloud_.Count("AssumeRoleWithOIDC"), 1);
}

TEST_F(AlibabaCredentialsTest, AssumesARoleWithAnAccessKey) {
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(cloud_.Count("AssumeRole"), 1);
  settings_.auth.assume_role_arn = "acs:ram::1:role/none";
  client_ = nullptr;
  EXPECT_THAT(Wrap().status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("EntityNotExist.Role")));
}

TEST_F(AlibabaCredentialsTest, NamesTheExternalIdThatARoleAsksFor) {
  settings_.auth.assume_role_arn = FakeAlibaba::kGuardedRole;
  for (const char* const wrong : {"", "another-id"}) {
    settings_.auth.external_id = wrong;
    client_ = nullptr;
    const absl::Status status = Wrap().status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable,
                                 HasSubstr("STS AssumeRole: the credentials are valid")));
    EXPECT_EQ(GetFailureClass(status), FailureClass::kUnreachable);
  }
  settings_.auth.external_id = FakeAlibaba::kExternalId;
  client_ = nullptr;
  EXPECT_THAT(Wrap(), IsOk());
}

TEST_F(AlibabaCredentialsTest, GetsNewCredentialsWhenOldOnesAreRefused) {
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  ASSERT_THAT(Wrap(), IsOk());
  cloud_.Control("remove_access_keys", {{"but", {FakeAlibaba::kAccessKeyId}}});
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(cloud_.Count("AssumeRole"), 2);
}

TEST_F(AlibabaCredentialsTest, TakesTheEndOfAnAssumedRoleByTheClockOfSts) {
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  for (const int skew : {7200, -7200}) {
    Set("skew", skew);
    client_ = nullptr;
    EXPECT_THAT(Wrap(), IsOk()) << skew;
  }
}

TEST_F(AlibabaCredentialsTest, TakesTheEndOfAnInstancesKeyByTheClockOfItsMetadata) {
  settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  testing::SkewedClock clock;
  for (const absl::Duration skew : {absl::Hours(1), -absl::Hours(2), absl::Hours(24 * 400)}) {
    clock.SkewWall(skew);
    client_ = testing::ConnectAlibaba(settings_, cloud_, observer_, "", clock);
    EXPECT_THAT(Wrap(), IsOk()) << skew;
  }
  // And by no other: a key of an hour is fetched anew within the hour.
  const auto issued = [this] { return cloud_.Look().at("access_keys").size(); };
  const size_t before = issued();
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(issued(), before);
  clock.Suspend(absl::Minutes(50));
  EXPECT_THAT(Wrap(), IsOk());
  EXPECT_EQ(issued(), before + 1);
}

TEST_F(AlibabaCredentialsTest, UsesAnStsTokenFromAFileThatAnotherRenews) {
  AddStsKey("STS.one", absl::Hours(1));
  WriteKeyFile("STS.one", "secret", "token", InAnHour());
  ASSERT_THAT(Wrap(), IsOk());
  AddStsKey("STS.two", absl::Hours(1));
  cloud_.Control("remove_access_keys", {{"but", {"STS.two"}}});
  WriteKeyFile("STS.two", "secret", "token", InAnHour());
  EXPECT_THAT(Wrap(), IsOk());
}

TEST_F(AlibabaCredentialsTest, AnStsTokenFileThatIsOverSaysSo) {
  WriteKeyFile("STS.one", "secret", "token", "2026-01-02T03:04:05Z");
  EXPECT_THAT(Wrap(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the access key has expired")));
}

// KMS may answer an expired token as a missing permission.
TEST_F(AlibabaCredentialsTest, ATokenThatMayBeOverIsNoProofOfDenial) {
  Set("expired_is_forbidden", true);
  AddStsKey("STS.one", -absl::Hours(1));
  WriteKeyFile("STS.one", "secret", "token");
  const absl::Status unknown = Wrap().status();
  EXPECT_THAT(unknown, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("its file has no Expiration")));
  EXPECT_EQ(GetFailureClass(unknown), FailureClass::kUnreachable);

  AddStsKey("STS.two", absl::Hours(1));
  cloud_.Permit({"DescribeKey"});
  WriteKeyFile("STS.two", "secret", "token", InAnHour());
  EXPECT_EQ(GetFailureClass(Wrap().status()), FailureClass::kDenied);
}

TEST_F(AlibabaCredentialsTest, AnOldRoleSurvivesAnStsThatFails) {
  testing::FakeClock clock;
  const auto set_skew = [&] { Set("skew", absl::ToDoubleSeconds(clock.Wall() - SystemClock().Wall())); };
  set_skew();
  settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  client_ = testing::ConnectAlibaba(settings_, cloud_, observer_, "", clock);
  const auto move = [&](absl::Duration by) {
    clock.Advance(by);
    set_skew();
  };
  const CallContext call;
  ASSERT_THAT(Wrap(call), IsOk());
  Set("sts_fails", true);
  move(absl::Minutes(50));
  EXPECT_THAT(Wrap(call), IsOk());
  EXPECT_EQ(cloud_.Count("AssumeRole"), 2);
  move(absl::Minutes(11));
  EXPECT_THAT(Wrap(call),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("AssumeRole: failed (HTTP 503")));
  Set("sts_fails", false);
  move(absl::Minutes(1));
  EXPECT_THAT(Wrap(call), IsOk());
}

TEST_F(AlibabaCredentialsTest, TellsNoTokenWhenStsRefusesIt) {
  UseOidc();
  testing::WriteSecretFile(key_file(), "eyJ.hush");
  const absl::Status status = Wrap().status();
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("AuthenticationFail.OIDCToken.Invalid")));
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("hush")));
}

class ShortLivedCredentialsTest : public AlibabaCredentialsTest,
                                  public ::testing::WithParamInterface<const char*> {};

TEST_P(ShortLivedCredentialsTest, NoCallFailsWhileTheyExpire) {
  const std::string source = GetParam();
  if (absl::StrContains(source, "ecs_role")) settings_.auth.source = AlibabaCredentialSource::kEcsRole;
  if (absl::StrContains(source, "oidc")) UseOidc();
  const bool assumes = absl::StrContains(source, "assume_role");
  if (assumes) settings_.auth.assume_role_arn = FakeAlibaba::kRole;
  // Less, and a busy machine would let a key expire on its way to KMS.
  Set("lifetime", 10);
  client();
  std::atomic<bool> done = false;
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (; !done; ++calls) EXPECT_THAT(Wrap(), IsOk());
    });
  }
  // The first, and two more while calls go on; a chain is issued two each time.
  const auto issued = [&] { return cloud_.Look().at("access_keys").size() - 1; };
  const size_t each = source == "ecs_role_assume_role" || source == "oidc_assume_role" ? 2 : 1;
  EXPECT_TRUE(testing::PollUntil([&] { return issued() >= 3 * each; }, std::chrono::minutes(2)));
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(calls, 4);
  EXPECT_EQ(cloud_.Count("AssumeRole") > 0, assumes);
}

INSTANTIATE_TEST_SUITE_P(Sources, ShortLivedCredentialsTest,
                         ::testing::Values("ecs_role", "oidc", "assume_role", "ecs_role_assume_role",
                                           "oidc_assume_role"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace signet::kms

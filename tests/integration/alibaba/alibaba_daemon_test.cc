// The built signetd with its key in the fake Alibaba Cloud.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/integration/alibaba/alibaba_node.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class AlibabaDaemonTest : public ::testing::Test {
 protected:
  AlibabaDaemonTest() { cloud_.CreateKey(AlibabaNode::kKey); }
  ~AlibabaDaemonTest() override { EXPECT_EQ(cloud_.Look().at("complaints"), nlohmann::json::array()); }

  AlibabaNode::Options Options() const { return {.endpoint = cloud_.url()}; }
  // Looks at its key all the time.
  AlibabaNode::Options WatchingOptions(const std::string& watch) const {
    return {.endpoint = cloud_.url(), .top = absl::StrCat("watch: {", watch, "}\n")};
  }

  FakeAlibaba cloud_;
};

TEST_F(AlibabaDaemonTest, NodesReadWhatTheOthersWrote) {
  AlibabaNode first(Options());
  AlibabaNode second(Options());
  for (AlibabaNode* node : {&first, &second}) {
    node->Start();
    ASSERT_TRUE(node->BecomesReady()) << node->daemon().Logs();
  }
  KmsCaller writer = first.Caller();
  KmsCaller reader = second.Caller();
  ASSERT_OK_AND_ASSIGN(const auto encrypted, writer.Encrypt("seed"));
  EXPECT_THAT(encrypted.key_id(), StartsWith("alibaba-v"));
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, reader.Decrypt(encrypted));
  EXPECT_EQ(plaintext, "seed");
  ASSERT_OK_AND_ASSIGN(const auto here, writer.Status());
  ASSERT_OK_AND_ASSIGN(const auto there, reader.Status());
  EXPECT_EQ(here.key_id(), there.key_id());
}

TEST_F(AlibabaDaemonTest, AnnouncesANewVersionOfTheKey) {
  AlibabaNode node(WatchingOptions("interval: 100ms, confirm_interval: 100ms, activation_delay: 100ms"));
  node.Start();
  ASSERT_TRUE(node.BecomesReady()) << node.daemon().Logs();
  KmsCaller caller = node.Caller();
  ASSERT_OK_AND_ASSIGN(const auto before, caller.Encrypt("seed"));
  cloud_.Rotate(AlibabaNode::kKey);
  EXPECT_TRUE(PollUntil(
      [&] {
        const auto status = caller.Status();
        return status.ok() && status->key_id() != before.key_id();
      },
      std::chrono::minutes(2)))
      << node.daemon().Logs();
  EXPECT_THAT(caller.Decrypt(before), IsOk());
}

TEST_F(AlibabaDaemonTest, AssumesARoleWithTheTokenOfAnIdentityProvider) {
  AlibabaNode::Options options = Options();
  options.auth =
      absl::StrCat("source: oidc, oidc_provider_arn: \"", FakeAlibaba::kOidcProvider, "\", oidc_role_arn: \"",
                   FakeAlibaba::kRole, "\", sts_endpoint: \"", cloud_.url(), "\"");
  AlibabaNode node(options);
  node.SetSecret(FakeAlibaba::kOidcToken);
  node.Start();
  ASSERT_TRUE(node.BecomesReady()) << node.daemon().Logs();
  EXPECT_THAT(node.Caller().Encrypt("seed"), IsOk());
  EXPECT_GE(cloud_.Count("AssumeRoleWithOIDC"), 1);
  EXPECT_THAT(node.daemon().Logs(), HasSubstr("these credentials come from a running API server"));
}

TEST_F(AlibabaDaemonTest, GoesOnWhileTheBillIsUnpaid) {
  AlibabaNode node(WatchingOptions("probe_interval: 100ms, interval: 100ms"));
  node.Start();
  ASSERT_TRUE(node.BecomesReady()) << node.daemon().Logs();
  KmsCaller caller = node.Caller();
  ASSERT_OK_AND_ASSIGN(const auto before, caller.Encrypt("seed"));
  cloud_.Control("set_identity", {{"set", {{"unpaid", true}}}});
  ASSERT_TRUE(node.LogsSay("the account's bill is unpaid")) << node.daemon().Logs();
  ASSERT_OK_AND_ASSIGN(const auto during, caller.Encrypt("seed"));
  EXPECT_EQ(during.key_id(), before.key_id());
  EXPECT_THAT(caller.Decrypt(before), IsOk());
}

TEST_F(AlibabaDaemonTest, BecomesReadyWhenItsAccessKeyComes) {
  AlibabaNode node(Options());
  node.SetSecret("{}");
  node.Start();
  ASSERT_TRUE(node.LogsSay("no AccessKeySecret")) << node.daemon().Logs();
  EXPECT_THAT(node.Caller().Status(), StatusIs(absl::StatusCode::kUnavailable));
  node.SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
  EXPECT_TRUE(node.BecomesReady()) << node.daemon().Logs();
}

TEST_F(AlibabaDaemonTest, SaysThatTheRegionIsWrong) {
  AlibabaNode::Options options = Options();
  options.region = "cn-beijing";
  AlibabaNode node(options);
  node.Start();
  EXPECT_TRUE(node.LogsSay(
      absl::StrCat("region, account_id or key is not the key's own: the KMS calls it acs:kms:cn-hangzhou:",
                   FakeAlibaba::kAccount, ":key/", AlibabaNode::kKey)))
      << node.daemon().Logs();
  EXPECT_THAT(node.Caller().Status(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(AlibabaDaemonTest, LogsNoSecretAndNoSignature) {
  AlibabaNode node(Options());
  node.SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, "a-wrong-secret"));
  node.Start();
  ASSERT_TRUE(node.LogsSay("check the access key's secret")) << node.daemon().Logs();
  node.SetSecret(AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
  ASSERT_TRUE(node.BecomesReady()) << node.daemon().Logs();
  ASSERT_THAT(node.Caller().Encrypt("seed"), IsOk());
  EXPECT_EQ(node.daemon().Stop(), 0);
  const std::string logs = node.daemon().Logs();
  EXPECT_THAT(logs, HasSubstr("remote attempt"));
  EXPECT_THAT(logs, HasSubstr("request id"));
  for (const char* secret : {"a-wrong-secret", FakeAlibaba::kAccessKeySecret, "Plaintext",
                             "Signature=", "ACS3-HMAC", "CiphertextBlob"}) {
    EXPECT_THAT(logs, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace signet::testing

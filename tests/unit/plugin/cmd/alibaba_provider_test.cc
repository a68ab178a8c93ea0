#include "plugin/cmd/common/alibaba_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "plugin/cmd/common/alibaba_policy.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

AlibabaProviderConfig Config() {
  AlibabaProviderConfig config;
  config.region = "cn-hangzhou";
  config.account_id = "1234567890";
  config.key = "key-hzz1";
  config.instance = "kst-hzz1";
  config.auth.source = AlibabaSource::kEcsRole;
  return config;
}

TEST(AlibabaProviderTest, GatewayAndRegionMeanEndpoints) {
  struct Case {
    AlibabaGateway gateway;
    const char* kms;
    const char* sts;
  };
  for (const Case& each : {Case{AlibabaGateway::kVpc, "https://kms-vpc.cn-hangzhou.aliyuncs.com",
                                "https://sts-vpc.cn-hangzhou.aliyuncs.com"},
                           Case{AlibabaGateway::kPublic, "https://kms.cn-hangzhou.aliyuncs.com",
                                "https://sts.cn-hangzhou.aliyuncs.com"},
                           Case{AlibabaGateway::kDedicated, "https://kst-hzz1.cryptoservice.kms.aliyuncs.com",
                                "https://sts-vpc.cn-hangzhou.aliyuncs.com"}}) {
    AlibabaProviderConfig config = Config();
    config.gateway = each.gateway;
    ASSERT_OK_AND_ASSIGN(const kms::AlibabaSettings settings, AlibabaSettingsFrom(config));
    EXPECT_EQ(settings.endpoint, each.kms);
    EXPECT_EQ(settings.auth.sts_endpoint, each.sts);
    EXPECT_EQ(settings.is_dedicated, each.gateway == AlibabaGateway::kDedicated);
  }
}

TEST(AlibabaProviderTest, ConfiguredEndpointsComeFirst) {
  AlibabaProviderConfig config = Config();
  config.gateway = AlibabaGateway::kDedicated;
  config.endpoint = "https://kms.example";
  config.auth.sts_endpoint = "https://sts.example";
  ASSERT_OK_AND_ASSIGN(const kms::AlibabaSettings settings, AlibabaSettingsFrom(config));
  EXPECT_EQ(settings.endpoint, "https://kms.example");
  EXPECT_EQ(settings.auth.sts_endpoint, "https://sts.example");
  EXPECT_TRUE(settings.is_dedicated);
}

TEST(AlibabaProviderTest, CarriesEverySettingOver) {
  AlibabaProviderConfig config = Config();
  config.signature = AlibabaRequestSignature::kRpc;
  config.parameters = AlibabaParameterPlace::kBody;
  config.auth = {AlibabaSource::kOidc,
                 "/token",
                 "",
                 "",
                 "acs:ram::1:oidc-provider/c",
                 "acs:ram::1:role/one",
                 "acs:ram::2:role/two",
                 "ext",
                 "node",
                 absl::Minutes(20),
                 ""};
  ASSERT_OK_AND_ASSIGN(const kms::AlibabaSettings settings, AlibabaSettingsFrom(config));
  EXPECT_EQ(settings.region, "cn-hangzhou");
  EXPECT_EQ(settings.account_id, "1234567890");
  EXPECT_EQ(settings.key_id, "key-hzz1");
  EXPECT_EQ(settings.signature, kms::AlibabaSignature::kRpc);
  EXPECT_TRUE(settings.parameters_in_body);
  EXPECT_EQ(settings.auth.source, kms::AlibabaCredentialSource::kOidc);
  EXPECT_EQ(settings.auth.secret_file, "/token");
  EXPECT_EQ(settings.auth.oidc_provider_arn, "acs:ram::1:oidc-provider/c");
  EXPECT_EQ(settings.auth.oidc_role_arn, "acs:ram::1:role/one");
  EXPECT_EQ(settings.auth.assume_role_arn, "acs:ram::2:role/two");
  EXPECT_EQ(settings.auth.external_id, "ext");
  EXPECT_EQ(settings.auth.session_name, "node");
  EXPECT_EQ(settings.auth.session_duration, absl::Minutes(20));
}

TEST(AlibabaPolicyTest, IsTheLeastThatIsNeeded) {
  EXPECT_EQ(AlibabaKeyPolicyText(Config(), {}),
            R"({
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:DescribeKey"
      ],
      "Resource": "acs:kms:cn-hangzhou:1234567890:key/key-hzz1"
    }
  ]
}
)");
}

TEST(AlibabaPolicyTest, FollowsWhatTheProviderDoes) {
  using ::testing::HasSubstr;
  using ::testing::Not;
  EXPECT_THAT(AlibabaKeyPolicyText(Config(), {.writes = false}),
              ::testing::AllOf(HasSubstr("kms:Decrypt"), Not(HasSubstr("kms:Encrypt")),
                               Not(HasSubstr("kms:DescribeKey"))));
  EXPECT_THAT(AlibabaKeyPolicyText(Config(), {.rotates = true}), HasSubstr("kms:CreateKeyVersion"));
  AlibabaProviderConfig dedicated = Config();
  dedicated.gateway = AlibabaGateway::kDedicated;
  EXPECT_THAT(AlibabaKeyPolicyText(dedicated, {.rotates = true}),
              ::testing::AllOf(HasSubstr("kms:Encrypt"), Not(HasSubstr("DescribeKey")),
                               Not(HasSubstr("CreateKeyVersion"))));
}

TEST(AlibabaPolicyTest, WhoAssumesARoleNeedsToBeAllowedTo) {
  EXPECT_EQ(AlibabaAssumePolicyText(Config()), "");
  AlibabaProviderConfig config = Config();
  config.auth.assume_role_arn = "acs:ram::2:role/two";
  EXPECT_THAT(AlibabaAssumePolicyText(config),
              ::testing::AllOf(::testing::HasSubstr("\"sts:AssumeRole\""),
                               ::testing::HasSubstr("\"acs:ram::2:role/two\"")));
}

}  // namespace
}  // namespace signet

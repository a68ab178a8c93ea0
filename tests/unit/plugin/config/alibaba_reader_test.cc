#include "plugin/config/alibaba_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/config/config_loader.h"
#include "tests/testing/paths.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<Config> Load(const std::string& alibaba) {
  return LoadConfigText(
      "f",
      absl::StrCat("cluster_id: c\nstate_directory: /s\nactive: p\nproviders:\n  - name: p\n    alibaba: {",
                   alibaba, "}\nkms_socket: {path: /run/k.sock}\nadmin_socket: {path: /run/a.sock}\n"));
}

const char kKey[] = "region: cn-hangzhou, account_id: 1234567890, key: key-hzz1";
const char kRoleAuth[] = "auth: {source: ecs_role}";

std::string With(const std::string& settings, const std::string& auth = kRoleAuth) {
  return absl::StrCat(kKey, ", ", settings, settings.empty() ? "" : ", ", auth);
}

std::string Problems(const std::string& alibaba) {
  const absl::StatusOr<Config> config = Load(alibaba);
  EXPECT_FALSE(config.ok()) << alibaba;
  return std::string(config.status().message());
}

TEST(AlibabaReaderTest, TheMinimalExampleLoadsWithDefaults) {
  ASSERT_OK_AND_ASSIGN(const Config config,
                       LoadConfigFile(testing::SourcePath("manifests/config/alibaba.yaml")));
  ASSERT_TRUE(config.providers[0].alibaba.has_value());
  const AlibabaProviderConfig& alibaba = *config.providers[0].alibaba;
  EXPECT_EQ(config.providers[0].type, "alibaba");
  EXPECT_EQ(alibaba.region, "cn-hangzhou");
  EXPECT_EQ(alibaba.account_id, "1234567890123456");
  EXPECT_EQ(alibaba.key, "key-hzz62f1cb66fa42qo0000");
  EXPECT_EQ(alibaba.gateway, AlibabaGateway::kVpc);
  EXPECT_EQ(alibaba.endpoint, "");
  EXPECT_EQ(alibaba.signature, AlibabaRequestSignature::kAcs3);
  EXPECT_EQ(alibaba.parameters, AlibabaParameterPlace::kQuery);
  EXPECT_EQ(alibaba.timeout, absl::Seconds(2));
  EXPECT_EQ(alibaba.auth.source, AlibabaSource::kEcsRole);
  EXPECT_EQ(alibaba.auth.session_name, "signetd");
  EXPECT_EQ(alibaba.auth.session_duration, absl::Hours(1));
  EXPECT_EQ(alibaba.tls.ca_file, "");
  EXPECT_EQ(alibaba.proxy.url, "");
}

TEST(AlibabaReaderTest, ReadsEverySetting) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      Load("region: eu-central-1, account_id: \"1\", key: 0b30658a-ed1a-4922-b8f7-a673ca9c0000, "
           "gateway: dedicated, instance: kst-hzz1, signature: rpc, parameters: body, timeout: 5s, "
           "auth: {source: oidc, secret_file: /t, oidc_provider_arn: "
           "\"acs:ram::1:oidc-provider/ack-rrsa-c1\", "
           "oidc_role_arn: \"acs:ram::1:role/one\", assume_role_arn: \"acs:ram::2:role/two\", external_id: "
           "e-1, session_name: node-1, session_duration: 30m, sts_endpoint: \"https://sts.example:444\"}, "
           "tls: {ca_file: /ca, server_name: s.example}, proxy: {url: \"http://p:3128\", no_proxy: "
           ".internal}"));
  const AlibabaProviderConfig& alibaba = *config.providers[0].alibaba;
  EXPECT_EQ(alibaba.account_id, "1");
  EXPECT_EQ(alibaba.gateway, AlibabaGateway::kDedicated);
  EXPECT_EQ(alibaba.instance, "kst-hzz1");
  EXPECT_EQ(alibaba.signature, AlibabaRequestSignature::kRpc);
  EXPECT_EQ(alibaba.parameters, AlibabaParameterPlace::kBody);
  EXPECT_EQ(alibaba.timeout, absl::Seconds(5));
  EXPECT_EQ(alibaba.auth.source, AlibabaSource::kOidc);
  EXPECT_EQ(alibaba.auth.oidc_provider_arn, "acs:ram::1:oidc-provider/ack-rrsa-c1");
  EXPECT_EQ(alibaba.auth.oidc_role_arn, "acs:ram::1:role/one");
  EXPECT_EQ(alibaba.auth.assume_role_arn, "acs:ram::2:role/two");
  EXPECT_EQ(alibaba.auth.external_id, "e-1");
  EXPECT_EQ(alibaba.auth.session_name, "node-1");
  EXPECT_EQ(alibaba.auth.session_duration, absl::Minutes(30));
  EXPECT_EQ(alibaba.auth.sts_endpoint, "https://sts.example:444");
  EXPECT_EQ(alibaba.tls.server_name, "s.example");
  EXPECT_EQ(alibaba.proxy.no_proxy, ".internal");
}

TEST(AlibabaReaderTest, TakesOnlyAKeysOwnId) {
  for (const char* key : {"alias/signet", "acs:kms:cn-hangzhou:1:key/k", "k?x", ""}) {
    EXPECT_THAT(Problems(absl::StrCat("region: r, account_id: 1, key: \"", key, "\", ", kRoleAuth)),
                HasSubstr("alibaba.key: must be the key's own id, no alias and no Arn"))
        << key;
  }
}

TEST(AlibabaReaderTest, RefusesRegionsAndAccountsThatAreNone) {
  EXPECT_THAT(Problems(absl::StrCat("region: CN.x, account_id: me, key: k, ", kRoleAuth)),
              AllOf(HasSubstr("alibaba.region: must be a region"),
                    HasSubstr("alibaba.account_id: must be the number of the account")));
  EXPECT_THAT(Problems(kRoleAuth), AllOf(HasSubstr("region: is missing"), HasSubstr("account_id: is missing"),
                                         HasSubstr("key: is missing")));
}

TEST(AlibabaReaderTest, EveryGatewayHasItsSettings) {
  EXPECT_THAT(Problems(With("gateway: dedicated")), HasSubstr("instance: is missing"));
  EXPECT_THAT(Problems(With("gateway: dedicated, instance: kst-1")), HasSubstr("tls: is missing ca_file"));
  EXPECT_THAT(Problems(With("instance: kst-1")), HasSubstr("instance: means nothing with this gateway"));
  EXPECT_THAT(Problems(With("gateway: dedicated, instance: key-1")), HasSubstr("the id of a KMS instance"));
  EXPECT_THAT(Problems(With("gateway: dedicated, instance: kst-1, endpoint: \"https://e\"")),
              HasSubstr("endpoint: excludes instance"));
  EXPECT_THAT(Load(With("gateway: dedicated, endpoint: \"https://e\"")), testing::IsOk());
  EXPECT_THAT(Problems(With("endpoint: \"http://kms.example\"")), HasSubstr("endpoint: must be https://"));
  EXPECT_THAT(Load(With("endpoint: \"http://127.0.0.1:8080\"")), testing::IsOk());
}

TEST(AlibabaReaderTest, EverySourceHasItsSettings) {
  const char kOidc[] =
      "oidc_provider_arn: \"acs:ram::1:oidc-provider/c\", oidc_role_arn: \"acs:ram::1:role/r\"";
  const std::pair<std::string, const char*> cases[] = {
      {"auth: {secret_file: /k}", "auth.source: is missing"},
      {"auth: {source: password}", "auth.source: must be one of access_key_file"},
      {"auth: {source: access_key_file}", "auth.secret_file: is missing"},
      {"auth: {source: access_key_file, secret_file: /k, secret_credential: c}", "excludes secret_file"},
      {"auth: {source: access_key_file, secret_file: /k, ecs_role: r}", "auth.ecs_role: means nothing"},
      {"auth: {source: ecs_role, secret_file: /k}", "auth.secret_file: means nothing"},
      {"auth: {source: ecs_role, session_name: nn}", "auth.session_name: means nothing"},
      {"auth: {source: ecs_role, external_id: ee}", "means nothing without assume_role_arn"},
      {"auth: {source: oidc, secret_file: /t}", "auth.oidc_provider_arn: is missing"},
      {absl::StrCat("auth: {source: oidc, ", kOidc, "}"), "auth.secret_file: is missing"},
      {"auth: {source: ecs_role, assume_role_arn: role/r}",
       "auth.assume_role_arn: must be acs:ram::ACCOUNT:role/NAME"},
      {"auth: {source: ecs_role, assume_role_arn: \"acs:ram::x:role/r\"}", "must be acs:ram::"},
      {"auth: {source: ecs_role, assume_role_arn: \"acs:ram::1:user/r\"}", "must be acs:ram::"},
      {"auth: {source: ecs_role, assume_role_arn: \"acs:ram::1:role/r\", session_duration: 1m}",
       "auth.session_duration: must be"},
  };
  for (const auto& [auth, problem] : cases) EXPECT_THAT(Problems(With("", auth)), HasSubstr(problem)) << auth;
  EXPECT_THAT(Load(With("", absl::StrCat("auth: {source: oidc, secret_credential: t, ", kOidc, "}"))),
              testing::IsOk());
}

TEST(AlibabaReaderTest, TakesNoClientCertificate) {
  EXPECT_THAT(Problems(With("tls: {client_key_file: /k}")), HasSubstr("client_key_file"));
}

TEST(AlibabaReaderTest, ShowsNoSecretThatStrayedIn) {
  EXPECT_THAT(Problems(With("", "auth: {source: access_key_file, secret_file: LTAI.hush}")),
              AllOf(HasSubstr("auth.secret_file: must be"), Not(HasSubstr("hush"))));
}

TEST(AlibabaReaderTest, OneProviderIsOneKey) {
  const absl::StatusOr<Config> config = LoadConfigText(
      "f", absl::StrCat("cluster_id: c\nstate_directory: /s\nactive: p\nproviders:\n  - name: p\n",
                        "    local: {keyring: /k}\n    alibaba: {", With(""), "}\n",
                        "kms_socket: {path: /run/k.sock}\nadmin_socket: {path: /run/a.sock}\n"));
  EXPECT_THAT(config,
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("alibaba: excludes local")));
}

}  // namespace
}  // namespace signet

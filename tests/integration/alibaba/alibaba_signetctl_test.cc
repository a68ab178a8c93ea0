// `signetctl policy alibaba` and `signetctl kms check` with the fake Alibaba Cloud: what the one prints is
// what the other needs, all of it and no more, and whatever is wrong is told in a line that says what to
// change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/testing/fake_alibaba_server.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kKey[] = "key-hzz0000000000000001";

class AlibabaSignetctlTest : public ::testing::Test {
 protected:
  AlibabaSignetctlTest() {
    cloud_.CreateKey(kKey);
    WriteSecretFile(secret(), AccessKeyJson(FakeAlibaba::kAccessKeyId, FakeAlibaba::kAccessKeySecret));
    Configure({});
  }

  struct Overrides {
    std::string region = FakeAlibaba::kRegion;
    std::string key = kKey;
    std::string endpoint = {};  // empty: the fake's
    std::string auth = "source: access_key_file";
    std::string more = {};  // further lines of the provider
  };
  void Configure(const Overrides& overrides) {
    std::ofstream(config(), std::ios::trunc)
        << "cluster_id: test\nstate_directory: /s\nactive: primary\nproviders:\n  - name: primary\n"
        << "    alibaba:\n      region: " << overrides.region
        << "\n      account_id: " << FakeAlibaba::kAccount << "\n      key: " << overrides.key
        << "\n      endpoint: " << (overrides.endpoint.empty() ? cloud_.url() : overrides.endpoint)
        << "\n      timeout: 20s\n"
        << "      auth: {" << overrides.auth << ", secret_file: " << secret() << "}\n"
        << overrides.more << "kms_socket: {path: /kms}\nadmin_socket: {path: /admin}\n";
  }
  ProcessResult Ctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), ProgramPath("signetctl"));
    arguments.insert(arguments.end(), {"--config", config()});
    return RunProcess({.arguments = arguments});
  }
  json PrintedStatement() const {
    const json policy = json::parse(Ctl({"policy", "alibaba"}).output, nullptr, false);
    EXPECT_EQ(policy.at("Statement").size(), 1U);
    return policy.at("Statement").at(0);
  }
  // The actions that the printed policy allows.
  std::vector<std::string> Allowed() const {
    std::vector<std::string> actions;
    const json statement = PrintedStatement();
    for (const std::string action : statement.at("Action")) {
      actions.emplace_back(absl::StripPrefix(action, "kms:"));
    }
    return actions;
  }
  // The key on which it does.
  std::string AllowedKey() const {
    const std::string resource = PrintedStatement().at("Resource");
    return resource.substr(resource.find(":key/") + 5);
  }
  void ExpectPass() const {
    const ProcessResult result = Ctl({"kms", "check"});
    EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
    EXPECT_THAT(result.output, Not(HasSubstr("not tried")));
  }
  // One line, whose text has all `parts`.
  void ExpectFailure(const std::vector<std::string>& parts) const {
    const ProcessResult result = Ctl({"kms", "check", "--timeout", "30s"});
    EXPECT_EQ(result.exit_code, 1) << result.output << result.errors;
    const std::vector<std::string> lines = absl::StrSplit(result.output, '\n');
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                            [&parts](const std::string& line) {
                              return std::all_of(
                                  parts.begin(), parts.end(),
                                  [&line](const std::string& part) { return absl::StrContains(line, part); });
                            }))
        << "no line has all of: " << absl::StrJoin(parts, ", ") << "\n"
        << result.output;
    EXPECT_THAT(result.output + result.errors, Not(HasSubstr(FakeAlibaba::kAccessKeySecret)));
  }

  std::string config() const { return folder_.File("signetd.yaml"); }
  std::string secret() const { return folder_.File("secret"); }

  TempDir folder_;
  FakeAlibaba cloud_;
};

TEST_F(AlibabaSignetctlTest, ThePrintedPolicyIsEnough) {
  cloud_.Permit(Allowed(), {AllowedKey()});
  ExpectPass();
}

TEST_F(AlibabaSignetctlTest, ThePrintedPolicyIsEnoughForAnInstancesGateway) {
  cloud_.Control("dedicated", {{"on", true}});
  Configure({.more = "      gateway: dedicated\n"});
  EXPECT_THAT(Allowed(), ::testing::ElementsAre("Encrypt", "Decrypt"));
  cloud_.Permit(Allowed(), {AllowedKey()});
  ExpectPass();
}

TEST_F(AlibabaSignetctlTest, EveryActionOfThePrintedPolicyIsNeeded) {
  const std::vector<std::string> all = Allowed();
  ASSERT_EQ(all.size(), 3U);
  for (const std::string& missing : all) {
    std::vector<std::string> less;
    for (const std::string& action : all) {
      if (action != missing) less.push_back(action);
    }
    cloud_.Permit(less, {AllowedKey()});
    ExpectFailure({"PERMISSION_DENIED", "Forbidden.NoPermission, request id ",
                   absl::StrCat("allow kms:", missing, " on acs:kms:cn-hangzhou:", FakeAlibaba::kAccount,
                                ":key/", kKey),
                   "signetctl policy alibaba"});
  }
}

TEST_F(AlibabaSignetctlTest, SaysWhichSettingIsWrong) {
  Configure({.key = "key-another"});
  ExpectFailure({"NOT_FOUND", "Forbidden.KeyNotFound", "correct key, region, account_id or gateway"});
  Configure({.region = "cn-beijing"});
  ExpectFailure(
      {"FAILED_PRECONDITION", "the KMS calls it acs:kms:cn-hangzhou:", "correct region, account_id"});
  Configure({.endpoint = "http://127.0.0.1:1"});
  ExpectFailure({"UNAVAILABLE", "cannot connect", "listens there"});
  Configure({.endpoint = "https" + cloud_.url().substr(4)});
  ExpectFailure({"UNAVAILABLE", "TLS", "speaks TLS"});
  Configure({.auth = absl::StrCat(
                 "source: access_key_file, assume_role_arn: \"acs:ram::1:role/none\", sts_endpoint: "
                 "\"",
                 cloud_.url(), "\"")});
  ExpectFailure({"alibaba STS AssumeRole", "EntityNotExist.Role", "correct auth.assume_role_arn"});
}

TEST_F(AlibabaSignetctlTest, SaysWhatIsWrongWithTheAccessKey) {
  WriteSecretFile(secret(), AccessKeyJson(FakeAlibaba::kAccessKeyId, "hush"));
  ExpectFailure({"SignatureDoesNotMatch", "check the access key's secret",
                 "write a valid access key into " + secret()});
  WriteSecretFile(secret(), AccessKeyJson("LTAI.unknown", "hush"));
  ExpectFailure({"InvalidAccessKeyId.NotFound", "write a valid access key into " + secret()});
  WriteSecretFile(secret(), "hush");
  ExpectFailure({"no AccessKeySecret", "write a valid access key into " + secret()});
  EXPECT_THAT(Ctl({"kms", "check"}).output, Not(HasSubstr("hush")));
}

TEST_F(AlibabaSignetctlTest, SaysWhatIsWrongWithKeyAndAccount) {
  cloud_.SetKeyState(kKey, "Disabled");
  ExpectFailure({"FAILED_PRECONDITION", "the key is disabled", "enable the key"});
  cloud_.SetKeyState(kKey, "PendingDeletion");
  ExpectFailure({"about to be deleted", "cancel the deletion"});
  cloud_.Control("set_identity", {{"set", {{"unpaid", true}}}});
  ExpectFailure({"UNAVAILABLE", "Forbidden.InDebt", "pay the bill"});
}

}  // namespace
}  // namespace signet::testing

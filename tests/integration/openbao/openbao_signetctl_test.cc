// `signetctl policy vault` and `signetctl kms check` with a real OpenBao: what the one prints is what the
// other needs, all of it and no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/openbao_client.h"
#include "tests/testing/openbao_server.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class OpenBaoSignetctlTest : public ::testing::Test {
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
    Admin().Write("transit/keys/" + key_);
    Configure({});
    Install(Policy());
  }

  struct Overrides {
    std::string address = server->address();
    std::string key = {};  // empty: key_
    std::string mount = "transit";
    std::string more = {};  // further lines of the provider
  };
  void Configure(const Overrides& overrides) {
    std::ofstream(config(), std::ios::trunc)
        << "cluster_id: test\nstate_directory: /s\nactive: primary\nproviders:\n  - name: primary\n    "
           "vault:\n"
        << "      address: " << overrides.address
        << "\n      key: " << (overrides.key.empty() ? key_ : overrides.key)
        << "\n      mount: " << overrides.mount
        << "\n      instance: test\n      timeout: 20s\n      auth: {method: token_file, secret_file: "
        << token() << "}\n"
        << overrides.more << "kms_socket: {path: /kms}\nadmin_socket: {path: /admin}\n";
  }
  // A fresh token that may do what `policy` says and, unlike most, not even what the default policy says.
  void Install(const json& policy) {
    server->SetPolicy(key_, policy.dump());
    WriteSecretFile(token(), Admin().Write("auth/token/create", {{"policies", {key_}},
                                                                 {"no_default_policy", true},
                                                                 {"ttl", "1h"}})["auth"]["client_token"]);
  }
  json Policy() const { return json::parse(Ctl({"policy", "vault", "-o", "json"}).output)["policy"]; }
  ProcessResult Ctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), ProgramPath("signetctl"));
    arguments.insert(arguments.end(), {"--config", config()});
    return RunProcess({.arguments = arguments});
  }
  // One line, whose text has all `parts`.
  void ExpectFailure(const std::vector<std::string>& parts) const {
    const ProcessResult result = Ctl({"kms", "check", "--timeout", "30s"});
    EXPECT_EQ(result.exit_code, 1) << result.output << result.errors;
    for (const std::string& part : parts) EXPECT_THAT(result.output, HasSubstr(part));
  }

  std::string config() const { return folder_.File("signetd.yaml"); }
  std::string token() const { return folder_.File("token"); }
  static OpenBaoAdmin& Admin() { return server->admin(); }

  static inline OpenBaoServer* server = nullptr;
  static inline int next_key = 1;
  TempDir folder_;
  std::string key_;
};

TEST_F(OpenBaoSignetctlTest, ThePrintedPolicyIsEnough) {
  const ProcessResult result = Ctl({"kms", "check"});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_THAT(result.output, Not(HasSubstr("FAILED")));
  EXPECT_THAT(result.output, Not(HasSubstr("not tried")));
}

TEST_F(OpenBaoSignetctlTest, ThePrintedPolicyIsWrittenAsVaultReadsIt) {
  server->SetPolicy(key_, Ctl({"policy", "vault"}).output);
  EXPECT_EQ(Ctl({"kms", "check"}).exit_code, 0);
}

TEST_F(OpenBaoSignetctlTest, EveryRuleOfThePrintedPolicyIsNeeded) {
  const json policy = Policy();
  const std::string needed_by_calls[] = {"transit/encrypt/" + key_, "transit/decrypt/" + key_,
                                         "transit/keys/" + key_};
  for (const std::string& path : needed_by_calls) {
    json less = policy;
    ASSERT_EQ(less["path"].erase(path), 1U) << path;
    Install(less);
    ExpectFailure({"PERMISSION_DENIED", "permission denied", "on " + path, "signetctl policy vault"});
  }
  // Without this no refusal can be told from an expired token.
  json less = policy;
  ASSERT_EQ(less["path"].erase("auth/token/lookup-self"), 1U);
  less["path"].erase("transit/decrypt/" + key_);
  Install(less);
  ExpectFailure({"UNAVAILABLE", "may have expired", "lookup-self"});
  EXPECT_EQ(policy["path"].size(), 5U) << "a rule that this test does not know";
}

TEST_F(OpenBaoSignetctlTest, SaysWhichSettingIsWrong) {
  Configure({.key = "another"});
  Install(Policy());
  ExpectFailure({"NOT_FOUND", "there is no such key", "bao write -f transit/keys/another"});
  Configure({.mount = "elsewhere"});
  Install(Policy());
  ExpectFailure({"enable Transit at elsewhere", "correct mount"});
  Configure({.address = absl::StrCat("http://127.0.0.1:", FreePort())});
  ExpectFailure({"UNAVAILABLE", "cannot connect", "listens there"});
  Configure({.address = "https" + server->address().substr(4)});
  ExpectFailure({"UNAVAILABLE", "TLS", "speaks TLS"});
  Configure({.more = "      namespace: nowhere\n"});
  ExpectFailure({"FAILED"});
}

TEST_F(OpenBaoSignetctlTest, SaysThatTheTokenIsNoGoodAndNeverWhatItIs) {
  WriteSecretFile(token(), "s.this-token-is-not-valid");
  const ProcessResult result = Ctl({"kms", "check"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("write a valid token into " + token()));
  EXPECT_THAT(result.output + result.errors, Not(HasSubstr("this-token")));
}

TEST_F(OpenBaoSignetctlTest, LeavesNothingBehind) {
  const json before = Admin().Do(kms::HttpMethod::kGet, "transit/keys/" + key_)["data"];
  EXPECT_EQ(Ctl({"kms", "check"}).exit_code, 0);
  EXPECT_EQ(Admin().Do(kms::HttpMethod::kGet, "transit/keys/" + key_)["data"], before);
}

}  // namespace
}  // namespace signet::testing

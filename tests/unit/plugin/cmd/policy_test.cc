// signetctl policy, and the rules behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "plugin/cmd/signetctl/vault_policy.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kVault[] =
    "    vault: {address: \"https://vault:8200\", key: k8s, instance: test, mount: team/transit, namespace: "
    "ops, "
    "auth: {method: token_file, secret_file: /t}}\n";

class PolicyTest : public ::testing::Test {
 protected:
  // `providers` are items of the list; `more` is behind them.
  CtlResult Print(const std::string& providers, const std::string& more = "",
                  std::vector<std::string> arguments = {"policy", "vault"}) {
    const std::string file = folder_.File("signetd.yaml");
    std::ofstream(file) << "cluster_id: test\nstate_directory: /s\nactive: primary\nproviders:\n"
                        << providers << "kms_socket: {path: /kms}\nadmin_socket: {path: /admin}\n"
                        << more;
    arguments.insert(arguments.end(), {"--config", file});
    return RunCtl(arguments);
  }
  static std::string Vault(const std::string& name) { return "  - name: " + name + "\n" + kVault; }
  static std::string Local(const std::string& name) {
    return "  - name: " + name + "\n    local: {keyring: /k}\n";
  }

  testing::TempDir folder_;
};

TEST_F(PolicyTest, PrintsTheLeastThatAWriterNeeds) {
  const CtlResult result = Print(Vault("primary"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("signetctl policy vault | bao policy write -namespace=ops signet -\n"));
  EXPECT_THAT(result.out,
              HasSubstr("path \"team/transit/encrypt/k8s\" {\n  capabilities = [\"update\"]\n}\n"));
  EXPECT_THAT(result.out,
              HasSubstr("path \"team/transit/decrypt/k8s\" {\n  capabilities = [\"update\"]\n}\n"));
  EXPECT_THAT(result.out, HasSubstr("path \"team/transit/keys/k8s\" {\n  capabilities = [\"read\"]\n}\n"));
  EXPECT_THAT(result.out, HasSubstr("path \"auth/token/lookup-self\" {\n  capabilities = [\"read\"]\n}\n"));
  EXPECT_THAT(result.out, HasSubstr("path \"auth/token/renew-self\" {\n  capabilities = [\"update\"]\n}\n"));
  EXPECT_THAT(result.out, AllOf(Not(HasSubstr("rotate\"")), Not(HasSubstr("*"))));
}

TEST_F(PolicyTest, AddsRotationOnlyWhereItIsAllowed) {
  EXPECT_THAT(Print(Vault("primary"), "allow_remote_rotation: true\n").out,
              HasSubstr("path \"team/transit/keys/k8s/rotate\" {\n  capabilities = [\"update\"]\n}\n"));
}

TEST_F(PolicyTest, LeavesOutWhatAProviderThatOnlyDecryptsDoesNotNeed) {
  const std::string out = Print(Local("primary") + Vault("old")).out;
  EXPECT_THAT(out, HasSubstr("decrypt/k8s\""));
  EXPECT_THAT(out, HasSubstr("only decrypts"));
  EXPECT_THAT(out, AllOf(Not(HasSubstr("encrypt/k8s\"")), Not(HasSubstr("keys/k8s\""))));
}

TEST_F(PolicyTest, CountsAProviderThatWrapsBesidesAsAWriter) {
  EXPECT_THAT(Print(Local("primary") + Vault("standby"), "redundancy: {also_wrap_with: [standby]}\n").out,
              HasSubstr("encrypt/k8s\""));
}

TEST_F(PolicyTest, IsJsonThatVaultReads) {
  const CtlResult result = Print(Vault("primary"), "", {"policy", "vault", "-o", "json"});
  EXPECT_EQ(result.json()["provider"], "primary");
  EXPECT_EQ(result.json()["namespace"], "ops");
  EXPECT_EQ(result.json()["policy"]["path"]["team/transit/keys/k8s"]["capabilities"],
            nlohmann::json::array({"read"}));
}

TEST_F(PolicyTest, NeedsAProviderOfThatType) {
  const CtlResult none = Print(Local("primary"));
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("the configuration has no vault provider"));
  const CtlResult several = Print(Local("primary") + Vault("a") + Vault("b"));
  EXPECT_EQ(several.exit_code, 2);
  EXPECT_THAT(several.err, HasSubstr("name one by --provider"));
  EXPECT_EQ(
      Print(Local("primary") + Vault("a") + Vault("b"), "", {"policy", "vault", "--provider", "b"}).exit_code,
      0);
  EXPECT_EQ(Print(Vault("primary"), "", {"policy"}).exit_code, 2);
}

TEST_F(PolicyTest, PrintsARamPolicyForAlibaba) {
  const std::string provider =
      "  - name: primary\n    alibaba: {region: cn-hangzhou, account_id: 1, key: key-1, auth: {source: "
      "ecs_role, "
      "assume_role_arn: \"acs:ram::2:role/two\"}}\n";
  const CtlResult text = Print(provider, "", {"policy", "alibaba"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  const nlohmann::json policy = nlohmann::json::parse(text.out);
  EXPECT_EQ(policy["Statement"][0]["Action"],
            nlohmann::json({"kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"}));
  EXPECT_EQ(policy["Statement"][0]["Resource"], "acs:kms:cn-hangzhou:1:key/key-1");
  const CtlResult json =
      Print(provider, "allow_remote_rotation: true\n", {"policy", "alibaba", "-o", "json"});
  EXPECT_EQ(json.json()["provider"], "primary");
  EXPECT_EQ(json.json()["policy"]["Statement"][0]["Action"][3], "kms:CreateKeyVersion");
  EXPECT_THAT(Print(provider, "", {"policy", "alibaba", "--assume"}).out,
              AllOf(HasSubstr("sts:AssumeRole"), HasSubstr("acs:ram::2:role/two")));
}

TEST_F(PolicyTest, HasNothingToAssumeWhereNoRoleIsAssumed) {
  const CtlResult result =
      Print("  - name: primary\n    alibaba: {region: r, account_id: 1, key: k, auth: {source: ecs_role}}\n",
            "", {"policy", "alibaba", "--assume"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("no auth.assume_role_arn"));
}

}  // namespace
}  // namespace signet::ctl

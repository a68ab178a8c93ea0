#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/paths.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

CtlResult Print(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "encryption-config");
  return RunCtl(arguments);
}

TEST(EncryptionConfigTest, PrintsWhatKubeApiserverReads) {
  const CtlResult result = Print({"--kms-socket", "/run/signet/kms.sock"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, EndsWith(R"(
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - secrets
    providers:
      - kms:
          apiVersion: v2
          name: "signet"
          endpoint: unix:///run/signet/kms.sock
          timeout: 3s
      - identity: {}
)"));
}

TEST(EncryptionConfigTest, TellsWhatToMountAndWhatToRewrite) {
  const std::string out =
      Print({"--kms-socket", "/run/signet/kms.sock", "--resources", "secrets,configmaps"}).out;
  EXPECT_THAT(out, HasSubstr("folder /run/signet "));
  EXPECT_THAT(out, HasSubstr("kubectl get configmaps --all-namespaces"));
}

TEST(EncryptionConfigTest, TakesTheSocketFromTheConfiguration) {
  EXPECT_THAT(Print({"--config", testing::SourcePath("manifests/config/local.yaml")}).out,
              HasSubstr("endpoint: unix:///run/signet/kms.sock\n"));
}

TEST(EncryptionConfigTest, NamesAnAbstractSocketAsKubeApiserverDoes) {
  EXPECT_THAT(Print({"--kms-socket", "@signet"}).out, HasSubstr("endpoint: unix:///@signet\n"));
  EXPECT_THAT(Print({"--kms-socket", "unix:///@signet"}).out, HasSubstr("endpoint: unix:///@signet\n"));
  EXPECT_THAT(Print({"--kms-socket", "unix:///run/s"}).out, HasSubstr("endpoint: unix:///run/s\n"));
}

TEST(EncryptionConfigTest, QuotesWildcards) {
  const std::string out = Print({"--kms-socket", "@s", "--resources", "*.*,*.apps,*."}).out;
  EXPECT_THAT(out, HasSubstr("      - '*.*'\n      - '*.apps'\n      - '*.'\n"));
}

TEST(EncryptionConfigTest, LeavesIdentityOutOnRequest) {
  EXPECT_THAT(Print({"--kms-socket", "@s", "--no-identity"}).out, Not(HasSubstr("identity")));
}

TEST(EncryptionConfigTest, PrintsJson) {
  const nlohmann::json json =
      Print({"--kms-socket", "@s", "-o", "json", "--name", "n", "--timeout", "5s"}).json();
  EXPECT_EQ(json["kind"], "EncryptionConfiguration");
  const nlohmann::json& kms = json["resources"][0]["providers"][0]["kms"];
  EXPECT_EQ(kms["apiVersion"], "v2");
  EXPECT_EQ(kms["name"], "n");
  EXPECT_EQ(kms["endpoint"], "unix:///@s");
  EXPECT_EQ(kms["timeout"], "5s");
  EXPECT_TRUE(json["resources"][0]["providers"][1].contains("identity"));
}

TEST(EncryptionConfigTest, RefusesWhatKubeApiserverWould) {
  const std::vector<std::vector<std::string>> bad = {
      {"--name", "a:b"},      {"--name", ""},     {"--resources", "Secrets"},   {"--resources", "a*"},
      {"--timeout", "0s"},    {"--timeout", "3"}, {"--kms-socket", "relative"}, {"--kms-socket", "/a b"},
      {"--kms-socket", "/@x"}};
  for (std::vector<std::string> arguments : bad) {
    if (arguments[0] != "--kms-socket") arguments.insert(arguments.end(), {"--kms-socket", "@s"});
    EXPECT_EQ(Print(arguments).exit_code, 2) << arguments[0] << " " << arguments[1];
  }
}

}  // namespace
}  // namespace signet::ctl

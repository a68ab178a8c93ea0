// The command line itself; the verbs have tests of their own.
#include "plugin/cmd/signetctl/signetctl.h"
#include "tests/testing/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSocket[] = "--kms-socket=/run/signet/kms.sock";

TEST(SignetctlTest, PrintsItsVersion) {
  const CtlResult result = RunCtl({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith("signetctl "));
  EXPECT_THAT(result.out, HasSubstr("\nOpenSSL "));
}

TEST(SignetctlTest, PrintsHelpForItselfAndForEveryVerb) {
  const CtlResult result = RunCtl({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("Exit codes: 0 yes or done"));
  const CtlResult verb = RunCtl({"encryption-config", "--help"});
  EXPECT_EQ(verb.exit_code, 0);
  EXPECT_THAT(verb.out, HasSubstr("Exit codes: "));
}

TEST(SignetctlTest, BadUsageIsTwoAndSaysWhyOnTheErrorStream) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"no-such-verb"},
                                                    {"encryption-config", "--no-such-option"},
                                                    {"encryption-config", kSocket, "-o", "xml"},
                                                    {"encryption-config", kSocket, "--name", "a:b"}}) {
    const CtlResult result = RunCtl(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, Not(IsEmpty()));
  }
}

TEST(SignetctlTest, TakesGlobalOptionsBeforeAndBehindTheVerb) {
  EXPECT_EQ(RunCtl({kSocket, "-o", "json", "encryption-config"}).out,
            RunCtl({"encryption-config", "-o", "json", kSocket}).out);
}

TEST(SignetctlTest, AMissingConfigurationIsThreeAndABadOneTwo) {
  const CtlResult missing = RunCtl({"encryption-config", "--config", "/nonexistent/signetd.yaml"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent/signetd.yaml: No such file"));
  const CtlResult bad = RunCtl({"encryption-config", "--config", testing::SourcePath("LICENSE")});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("/LICENSE:"));
}

}  // namespace
}  // namespace signet::ctl

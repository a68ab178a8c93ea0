// The built signetctl and signetd together, as an operator uses them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/stored_objects.h"
#include "tests/testing/temp_dir.h"

namespace signet::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ProcessResult Program(const char* program, std::vector<std::string> arguments,
                      const std::string& input = "") {
  ProcessOptions options;
  options.arguments = std::move(arguments);
  options.arguments.insert(options.arguments.begin(), ProgramPath(program));
  options.input = input;
  return RunProcess(options);
}

ProcessResult Ctl(std::vector<std::string> arguments, const std::string& input = "") {
  return Program("signetctl", std::move(arguments), input);
}

// What kube-apiserver would store for an answer of Encrypt.
std::string StoredValueOf(const v2::EncryptResponse& answer) {
  StoredObject object;
  object.key_id = answer.key_id();
  object.wrapped_seed = answer.ciphertext();
  for (const auto& [name, value] : answer.annotations()) object.annotations.push_back({name, value});
  return object.Value("signet");
}

TEST(SignetctlDaemonTest, WhatInitMakesJustRuns) {
  TempDir temp;
  const std::string config = temp.File("d/signetd.yaml");
  ASSERT_EQ(Ctl({"init", "--dir", temp.File("d")}).exit_code, 0);
  EXPECT_EQ(Program("signetd", {"--check-config", "--config", config}).exit_code, 0);
  EXPECT_EQ(Ctl({"health", "--config", config}).exit_code, 3);

  ProcessOptions options;
  options.arguments = {ProgramPath("signetd"), "--config", config};
  Process signetd(options);
  ASSERT_TRUE(PollUntil([&] {
    return Ctl({"health", "--config", config}).exit_code == 0;
  })) << signetd.Errors();
  const ProcessResult selftest = Ctl({"selftest", "--config", config});
  EXPECT_EQ(selftest.exit_code, 0) << selftest.output << selftest.errors;
  EXPECT_THAT(selftest.output, HasSubstr("self-test passed"));
  const ProcessResult status = Ctl({"status", "--config", config, "-o", "json"});
  EXPECT_EQ(status.exit_code, 0) << status.errors;
  EXPECT_EQ(nlohmann::json::parse(status.output)["config_file"], config);
  EXPECT_THAT(Ctl({"encryption-config", "--config", config}).output,
              HasSubstr(absl::StrCat("endpoint: unix://", temp.File("d/kms.sock"), "\n")));
  signetd.Signal(SIGTERM);
  EXPECT_EQ(signetd.Wait(), 0);
  EXPECT_EQ(Ctl({"health", "--config", config}).exit_code, 3);
}

TEST(SignetctlDaemonTest, ExplainsWhatTheDaemonEncrypted) {
  DaemonHome home;
  DaemonProcess daemon(home);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse answer, caller.Encrypt(std::string(32, 's')));
  const ProcessResult explain = Ctl({"explain", "-o", "json"}, StoredValueOf(answer) + "\n");
  EXPECT_EQ(explain.exit_code, 0) << explain.output << explain.errors;
  const nlohmann::json json = nlohmann::json::parse(explain.output);
  EXPECT_EQ(json["key_id"], answer.key_id());
  EXPECT_EQ(json["record_is_the_envelopes"], true);
  EXPECT_EQ(json["record_key_id_is_the_objects"], true);
  EXPECT_LE(json["overhead_bytes"].get<int>(), 320);
  const nlohmann::json state =
      nlohmann::json::parse(Ctl({"status", "--config", home.config(), "-o", "json"}).output);
  EXPECT_EQ(state["active"]["key_id"], json["key_id"]);
  EXPECT_EQ(state["active"]["local_kek_id"], json["record"]["local_kek_id"]);
  EXPECT_EQ(state["providers"][0]["fingerprint"], json["record"]["entries"][0]["fingerprint"]);
}

TEST(SignetctlDaemonTest, SaysNoWhileTheKeyIsDisabled) {
  DaemonHome home;
  ASSERT_EQ(Ctl({"keyring", "disable", "1", "--config", home.config()}).exit_code, 0);
  DaemonProcess daemon(home);
  ProcessResult health;
  ASSERT_TRUE(PollUntil([&] {
    health = Ctl({"health", "--config", home.config()});
    return health.exit_code != 3;
  })) << daemon.Logs();
  EXPECT_EQ(health.exit_code, 1);
  EXPECT_THAT(health.output, StartsWith("unhealthy: "));
  const ProcessResult status = Ctl({"status", "--config", home.config()});
  EXPECT_EQ(status.exit_code, 1);
  EXPECT_THAT(status.output, HasSubstr("ENCRYPT     NO"));
  EXPECT_THAT(status.output, HasSubstr("do not restart kube-apiserver"));
  EXPECT_EQ(Ctl({"selftest", "--config", home.config()}).exit_code, 1);
}

TEST(SignetctlDaemonTest, CheckConfigPrintsEveryProblemWithItsLine) {
  DaemonHome home;
  home.Configure("unknown: 1\nshutdown_grace: 5\n");
  const ProcessResult check = Program("signetd", {"--check-config", "--config", home.config()});
  EXPECT_EQ(check.exit_code, 2);
  const std::string problems = check.output + check.errors;
  EXPECT_THAT(problems, HasSubstr(absl::StrCat(home.config(), ":12:1: unknown: unknown setting")));
  EXPECT_THAT(problems, HasSubstr(absl::StrCat(home.config(), ":13:17: shutdown_grace: must be a duration")));
  // The same words from the tool.
  const ProcessResult health = Ctl({"health", "--config", home.config()});
  EXPECT_EQ(health.exit_code, 2);
  EXPECT_EQ(health.errors, absl::StrCat("signetctl: ", check.errors));
}

TEST(SignetctlDaemonTest, ProgramsTellVersionCommitAndLibraries) {
  for (const char* program : {"signetctl", "signetd"}) {
    const ProcessResult version = Program(program, {"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_THAT(version.output, StartsWith(absl::StrCat(program, " ")));
    EXPECT_THAT(version.output, HasSubstr("\nyaml-cpp  "));
  }
}

}  // namespace
}  // namespace signet::testing

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class KeyringVerbsTest : public ::testing::Test {
 protected:
  CtlResult Run(std::vector<std::string> arguments, const std::string& input = "",
                absl::string_view keyring = "keyring") {
    arguments.insert(arguments.begin(), {"keyring", "--keyring", dir_.File(keyring)});
    return RunCtl(arguments, input);
  }
  // Runs what must succeed.
  std::string Do(const std::vector<std::string>& arguments, absl::string_view keyring = "keyring") {
    const CtlResult result = Run(arguments, "", keyring);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  nlohmann::json List(absl::string_view keyring = "keyring") {
    return Run({"list", "-o", "json"}, "", keyring).json();
  }
  std::string Passphrase(absl::string_view text = "correct horse battery\n") {
    const std::string path = dir_.File("passphrase");
    std::ofstream(path) << std::string(text);
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }
  static std::string InAnHour() {
    return absl::FormatTime(absl::RFC3339_sec, absl::Now() + absl::Hours(1), absl::UTCTimeZone());
  }
  std::vector<std::string> ExportArguments() {
    return {"export", "--sealed", dir_.File("copy"), "--copy-passphrase-file", Passphrase()};
  }
  std::vector<std::string> ImportArguments() {
    return {"import", dir_.File("copy"), "--copy-passphrase-file", Passphrase()};
  }

  testing::TempDir dir_;
};

TEST_F(KeyringVerbsTest, InitMakesAPrivateKeyringWithOneActiveVersion) {
  EXPECT_THAT(Do({"init"}), HasSubstr("version 1, active"));
  struct stat info {};
  ASSERT_EQ(::stat(dir_.File("keyring").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(List()["active"], 1);
}

TEST_F(KeyringVerbsTest, InitNeverOverwrites) {
  Do({"init"});
  const nlohmann::json before = List();
  const CtlResult again = Run({"init"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("never overwritten"));
  EXPECT_EQ(List(), before);
}

TEST_F(KeyringVerbsTest, AddPrintsTheNumberAndActivatesNothing) {
  Do({"init"});
  EXPECT_EQ(Do({"add", "--label", "spring"}), "2\n");
  EXPECT_EQ(List()["active"], 1);
  EXPECT_EQ(List()["versions"][1]["label"], "spring");
}

TEST_F(KeyringVerbsTest, AddActivatesOnRequest) {
  Do({"init"});
  EXPECT_EQ(Do({"add", "--activate"}), "2\n");
  EXPECT_EQ(List()["active"], 2);
}

TEST_F(KeyringVerbsTest, ActivateAtSchedules) {
  Do({"init"});
  Do({"add"});
  const std::string at = InAnHour();
  EXPECT_THAT(Do({"activate", "2", "--at", at}), HasSubstr("becomes active at"));
  EXPECT_EQ(List()["active"], 1);
  EXPECT_THAT(Do({"list"}), HasSubstr("active from 20"));
}

TEST_F(KeyringVerbsTest, RefusesTimesThatAreWrong) {
  Do({"init"});
  Do({"add"});
  EXPECT_EQ(Run({"activate", "2", "--at", "2020-01-01T00:00:00Z"}).exit_code, 2);
  const CtlResult nonsense = Run({"activate", "2", "--at", "tomorrow"});
  EXPECT_EQ(nonsense.exit_code, 2);
  EXPECT_THAT(nonsense.err, HasSubstr("RFC 3339"));
  EXPECT_EQ(Run({"add", "--at", InAnHour()}).exit_code, 2) << "--at needs --activate";
  EXPECT_EQ(List()["versions"].size(), 2u);
}

TEST_F(KeyringVerbsTest, DisableWarnsAboutTheActiveVersionAndEnableUndoesIt) {
  Do({"init"});
  const CtlResult disabled = Run({"disable", "1"});
  EXPECT_EQ(disabled.exit_code, 0);
  EXPECT_THAT(disabled.err, HasSubstr("writes fail"));
  const CtlResult verify = Run({"verify"});
  EXPECT_EQ(verify.exit_code, 1);
  EXPECT_THAT(verify.out, HasSubstr("the active version 1 is disabled"));
  Do({"enable", "1"});
  Do({"verify"});
}

TEST_F(KeyringVerbsTest, DestroyRefusesTheActiveVersion) {
  Do({"init"});
  const CtlResult result = Run({"destroy", "1", "--yes"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("active"));
  EXPECT_EQ(List()["versions"][0]["state"], "enabled");
}

TEST_F(KeyringVerbsTest, DestroySaysWhatIsLostAndWantsTheNumberRepeated) {
  Do({"init"});
  Do({"add", "--activate"});
  const CtlResult refused = Run({"destroy", "1"}, "yes\n");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("unreadable"), HasSubstr("local-v1-"), HasSubstr("not confirmed")));
  EXPECT_EQ(List()["versions"][0]["state"], "enabled");
  EXPECT_EQ(Run({"destroy", "1"}, "1\n").exit_code, 0);
  EXPECT_EQ(List()["versions"][0]["state"], "destroyed");
  EXPECT_EQ(List()["versions"][0]["check_value"], "-");
}

TEST_F(KeyringVerbsTest, DestroyWithYesDoesNotAsk) {
  Do({"init"});
  Do({"add", "--activate"});
  const CtlResult result = Run({"destroy", "1", "--yes"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, AllOf(HasSubstr("unreadable"), Not(HasSubstr("Repeat"))));
}

TEST_F(KeyringVerbsTest, VerifyTriesEveryEnabledVersion) {
  Do({"init"});
  Do({"add"});
  Do({"add"});
  Do({"disable", "2"});
  const nlohmann::json result = Run({"verify", "-o", "json"}).json();
  EXPECT_EQ(result["ok"], true);
  EXPECT_EQ(result["versions"][0]["result"], "ok");
  EXPECT_EQ(result["versions"][1]["result"], "disabled");
  EXPECT_EQ(result["versions"][2]["result"], "ok");
}

TEST_F(KeyringVerbsTest, VerifySaysNoToADamagedFile) {
  Do({"init"});
  {
    std::fstream file(dir_.File("keyring"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('\x55');
  }
  const CtlResult result = Run({"verify"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("damaged"));
}

TEST_F(KeyringVerbsTest, AMissingFileIsNotReached) {
  EXPECT_EQ(Run({"list"}).exit_code, 3);
  EXPECT_EQ(Run({"add"}).exit_code, 3);
}

TEST_F(KeyringVerbsTest, SealedKeyringWorksWithItsPassphraseOnly) {
  Do({"init", "--passphrase-file", Passphrase()});
  EXPECT_EQ(Run({"list"}).exit_code, 2);
  EXPECT_THAT(Do({"list", "--passphrase-file", Passphrase()}), HasSubstr(", sealed"));
  EXPECT_EQ(Run({"list", "--passphrase-file", Passphrase("something else")}).exit_code, 3);
}

TEST_F(KeyringVerbsTest, ExportIsSealedPrivateAndNeverOverwrites) {
  Do({"init"});
  Do(ExportArguments());
  struct stat info {};
  ASSERT_EQ(::stat(dir_.File("copy").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(Run({"verify", "--passphrase-file", Passphrase()}, "", "copy").exit_code, 0);
  EXPECT_EQ(Run(ExportArguments()).exit_code, 2);
  EXPECT_EQ(Run({"export"}).exit_code, 2) << "never unsealed";
}

TEST_F(KeyringVerbsTest, ImportMakesTheSameKeyringOnANewNode) {
  Do({"init"});
  Do({"add", "--activate"});
  Do(ExportArguments());
  Do(ImportArguments(), "other");
  EXPECT_EQ(List("other")["fingerprint"], List()["fingerprint"]);
  EXPECT_EQ(List("other")["versions"], List()["versions"]);
  EXPECT_EQ(List("other")["active"], 2);
}

TEST_F(KeyringVerbsTest, ImportShowsFingerprintAndCheckValues) {
  Do({"init"});
  Do(ExportArguments());
  const nlohmann::json here = List();
  EXPECT_THAT(Do(ImportArguments(), "other"),
              AllOf(HasSubstr(here["fingerprint"].get<std::string>()),
                    HasSubstr(here["versions"][0]["check_value"].get<std::string>())));
}

TEST_F(KeyringVerbsTest, ImportTakesOverAScheduleAndSaysSo) {
  Do({"init"});
  Do(ExportArguments());
  Do(ImportArguments(), "other");
  ASSERT_EQ(::unlink(dir_.File("copy").c_str()), 0);
  Do({"add", "--activate", "--at", InAnHour()});
  Do(ExportArguments());
  EXPECT_THAT(Do(ImportArguments(), "other"), HasSubstr("added, becomes active at"));
  EXPECT_EQ(List("other")["versions"][1]["activate_at"], List()["versions"][1]["activate_at"]);
}

TEST_F(KeyringVerbsTest, ImportAnswersNoWhenAnActivationIsLeftToTheOperator) {
  Do({"init"});
  Do(ExportArguments());
  Do(ImportArguments(), "other");
  ASSERT_EQ(::unlink(dir_.File("copy").c_str()), 0);
  Do({"add", "--activate"});
  Do(ExportArguments());
  const CtlResult late = Run(ImportArguments(), "", "other");
  EXPECT_EQ(late.exit_code, 1);
  EXPECT_THAT(late.err, HasSubstr("signetctl keyring activate 2"));
  EXPECT_EQ(List("other")["active"], 1);
  Do({"activate", "2"}, "other");
  Do(ImportArguments(), "other");
}

TEST_F(KeyringVerbsTest, ImportRefusesAConflictAndChangesNothing) {
  Do({"init"});
  Do(ExportArguments());
  Do(ImportArguments(), "other");
  ASSERT_EQ(::unlink(dir_.File("copy").c_str()), 0);
  Do({"add"});
  Do({"add"}, "other");
  const nlohmann::json before = List("other");
  Do(ExportArguments());
  const CtlResult result = Run(ImportArguments(), "", "other");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("conflict: version 2"));
  EXPECT_EQ(List("other"), before);
}

TEST_F(KeyringVerbsTest, ImportRefusesTheWrongPassphraseAndAnUnsealedFile) {
  Do({"init"});
  Do(ExportArguments());
  const std::vector<std::string> import = ImportArguments();
  Passphrase("something else");
  EXPECT_EQ(Run(import, "", "other").exit_code, 3);
  const CtlResult unsealed =
      Run({"import", dir_.File("keyring"), "--copy-passphrase-file", Passphrase()}, "", "other");
  EXPECT_EQ(unsealed.exit_code, 2);
  EXPECT_THAT(unsealed.err, HasSubstr("not sealed"));
}

TEST_F(KeyringVerbsTest, TakesTheKeyringFromTheConfiguration) {
  const std::string config = dir_.File("signetd.yaml");
  std::ofstream(config) << absl::StrCat("cluster_id: c1\nstate_directory: ", dir_.File("state"),
                                        "\nproviders:\n  - name: primary\n    local:\n"
                                        "      keyring: ",
                                        dir_.File("keyring"), "\n      passphrase_file: ", Passphrase(),
                                        "\nactive: primary\nkms_socket:\n  path: ", dir_.File("kms.sock"),
                                        "\nadmin_socket:\n  path: ", dir_.File("admin.sock"), "\n");
  const CtlResult init = RunCtl({"keyring", "init", "--config", config});
  EXPECT_EQ(init.exit_code, 0) << init.err;
  EXPECT_THAT(RunCtl({"keyring", "list", "--config", config}).out, HasSubstr(", sealed"));
  EXPECT_EQ(RunCtl({"keyring", "list", "--config", config, "--provider", "nobody"}).exit_code, 3);
  EXPECT_EQ(RunCtl({"keyring", "list", "--config", config, "--keyring", "x"}).exit_code, 2);
}

TEST_F(KeyringVerbsTest, KeyBytesAreNeverPrinted) {
  Do({"init"});
  std::ifstream file(dir_.File("keyring"), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The key is the last field of the body, before the checksum.
  const std::string key = bytes.substr(bytes.size() - 64, 32);
  std::string hex;
  for (const char c : key) absl::StrAppend(&hex, absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
  const std::string all =
      Do({"list"}) + Do({"list", "-o", "json"}) + Do({"verify"}) + Do(ExportArguments()) + Do({"add"});
  EXPECT_THAT(all, AllOf(Not(IsEmpty()), Not(HasSubstr(key)), Not(HasSubstr(hex))));
}

}  // namespace
}  // namespace signet::ctl

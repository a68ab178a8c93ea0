#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "plugin/cmd/signetctl/new_installation.h"
#include "plugin/config/config_loader.h"
#include "tests/testing/counting_random.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/plugin/cmd/run_signetctl.h"

namespace signet::ctl {
namespace {

using ::signet::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::UnorderedElementsAre;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class InitTest : public ::testing::Test {
 protected:
  testing::TempDir temp_;
  const std::string dir_ = temp_.File("signet");
};

TEST_F(InitTest, WritesWhatSignetdNeedsAndNobodyElseMayRead) {
  const CtlResult result = RunCtl({"init", "--dir", dir_});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ModeOf(dir_), mode_t{0700});
  EXPECT_EQ(ModeOf(dir_ + "/signetd.yaml"), mode_t{0600});
  EXPECT_EQ(ModeOf(dir_ + "/keyring"), mode_t{0600});
  EXPECT_EQ(ModeOf(dir_ + "/state"), mode_t{0700});
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfigFile(dir_ + "/signetd.yaml"));
  EXPECT_THAT(config.cluster_id, MatchesRegex("signet-[0-9a-f]{16}"));
  EXPECT_EQ(config.providers[0].local->keyring, dir_ + "/keyring");
  EXPECT_EQ(config.state_directory, dir_ + "/state");
  EXPECT_EQ(config.kms_socket.path, dir_ + "/kms.sock");
  EXPECT_EQ(config.admin_socket.path, dir_ + "/admin.sock");
}

TEST_F(InitTest, PrintsTheClusterIdAndWhereToKeepIt) {
  const CtlResult result = RunCtl({"init", "--dir", dir_, "--cluster-id", "prod.eu_1"});
  EXPECT_THAT(result.out, HasSubstr("cluster_id  prod.eu_1\n"));
  EXPECT_THAT(result.out, HasSubstr("Keep it with the etcd backup"));
  EXPECT_THAT(result.out, HasSubstr("signetd --config " + dir_ + "/signetd.yaml\n"));
}

TEST_F(InitTest, PrintsJson) {
  const nlohmann::json json = RunCtl({"init", "--dir", dir_, "-o", "json"}).json();
  EXPECT_EQ(json["config_file"], dir_ + "/signetd.yaml");
  EXPECT_THAT(json["cluster_id"].get<std::string>(), MatchesRegex("signet-[0-9a-f]{16}"));
  EXPECT_THAT(json["key_fingerprint"].get<std::string>(), MatchesRegex("[0-9a-f]{16}"));
}

TEST_F(InitTest, GivesEveryInstallationAClusterIdOfItsOwn) {
  const nlohmann::json one = RunCtl({"init", "--dir", temp_.File("a"), "-o", "json"}).json();
  const nlohmann::json two = RunCtl({"init", "--dir", temp_.File("b"), "-o", "json"}).json();
  EXPECT_NE(one["cluster_id"], two["cluster_id"]);
  EXPECT_NE(one["key_fingerprint"], two["key_fingerprint"]);
}

TEST_F(InitTest, NeverOverwrites) {
  ASSERT_EQ(RunCtl({"init", "--dir", dir_}).exit_code, 0);
  for (const char* kept : {"signetd.yaml", "keyring", "state"}) {
    const std::string other = temp_.File(std::string("other-") + kept);
    std::filesystem::create_directory(other);
    std::filesystem::rename(dir_ + "/" + kept, other + "/" + kept);
    const CtlResult result = RunCtl({"init", "--dir", other});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("nothing is ever overwritten"));
    EXPECT_THAT(NamesIn(other), UnorderedElementsAre(kept));
  }
}

TEST_F(InitTest, TakesAnExistingFolderAndLeavesItsOtherFilesAlone) {
  std::filesystem::create_directory(dir_);
  std::filesystem::permissions(dir_, std::filesystem::perms(0750));
  std::ofstream(dir_ + "/notes") << "mine";
  EXPECT_EQ(RunCtl({"init", "--dir", dir_}).exit_code, 0);
  EXPECT_EQ(ModeOf(dir_), mode_t{0750});
  EXPECT_THAT(NamesIn(dir_),
              UnorderedElementsAre("notes", "signetd.yaml", "keyring", "keyring.lock", "state"));
}

TEST_F(InitTest, RefusesAFolderThatOthersMayWriteAndLeavesNothing) {
  std::filesystem::create_directory(dir_);
  std::filesystem::permissions(dir_, std::filesystem::perms(0777));
  EXPECT_EQ(RunCtl({"init", "--dir", dir_}).exit_code, 3);
  EXPECT_THAT(NamesIn(dir_), IsEmpty());
}

TEST_F(InitTest, RefusesWhatWouldMakeABadConfigurationBeforeItMakesAnything) {
  for (const std::vector<std::string>& bad :
       {std::vector<std::string>{"--dir", dir_, "--cluster-id", "has blanks"},
        {"--dir", dir_, "--cluster-id", "x\nactive: evil"},
        {"--dir", temp_.File(std::string(100, 'x'))},
        {"--dir", temp_.File("a b")},
        {"--dir", temp_.File("quote'")},
        {"--dir", ""}}) {
    std::vector<std::string> arguments = {"init"};
    arguments.insert(arguments.end(), bad.begin(), bad.end());
    EXPECT_EQ(RunCtl(arguments).exit_code, 2) << bad.back();
  }
  EXPECT_THAT(NamesIn(temp_.path()), IsEmpty());
}

TEST_F(InitTest, AMissingParentIsThree) {
  EXPECT_EQ(RunCtl({"init", "--dir", dir_ + "/deeper"}).exit_code, 3);
}

TEST_F(InitTest, SealsTheKeyringOnRequest) {
  const std::string passphrase = temp_.File("passphrase");
  std::ofstream(passphrase) << "correct horse\n";
  std::filesystem::permissions(passphrase, std::filesystem::perms(0600));
  const CtlResult result = RunCtl({"init", "--dir", dir_, "--passphrase-file", passphrase});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr(", sealed)"));
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfigFile(dir_ + "/signetd.yaml"));
  EXPECT_EQ(config.providers[0].local->passphrase_file, passphrase);
  EXPECT_EQ(RunCtl({"keyring", "verify", "--config", dir_ + "/signetd.yaml"}).exit_code, 0);
}

TEST_F(InitTest, LeavesNothingWhenThePassphraseCannotBeRead) {
  EXPECT_EQ(RunCtl({"init", "--dir", dir_, "--passphrase-file", temp_.File("missing")}).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(dir_));
}

TEST_F(InitTest, LeavesTheKeyringToAnotherNodeOnRequest) {
  EXPECT_EQ(RunCtl({"init", "--dir", dir_, "--no-keyring"}).exit_code, 2);
  const CtlResult result = RunCtl({"init", "--dir", dir_, "--no-keyring", "--cluster-id", "c"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("keyring import"));
  EXPECT_THAT(NamesIn(dir_), UnorderedElementsAre("signetd.yaml", "state"));
}

// Fails at one file.
class FailingFiles final : public DurableFiles {
 public:
  explicit FailingFiles(std::string path) : path_(std::move(path)) {}
  absl::StatusOr<std::string> Read(const std::string& path, const ReadLimits& limits) override {
    return PosixDurableFiles().Read(path, limits);
  }
  absl::Status Replace(const std::string& path, absl::string_view bytes, mode_t mode) override {
    if (path == path_) return absl::ResourceExhaustedError("disk full");
    return PosixDurableFiles().Replace(path, bytes, mode);
  }
  absl::Status MakeFolder(const std::string& path, mode_t mode) override {
    return PosixDurableFiles().MakeFolder(path, mode);
  }

 private:
  const std::string path_;
};

TEST_F(InitTest, LeavesNothingWhenTheDiskIsFullAtTheKeyringOrTheConfiguration) {
  for (const char* file : {"/keyring", "/signetd.yaml"}) {
    FailingFiles files(dir_ + file);
    testing::FakeClock clock;
    testing::CountingRandom random;
    EXPECT_THAT(CreateInstallation({dir_, "", "", true}, clock, random, files),
                StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_FALSE(std::filesystem::exists(dir_)) << file;
  }
}

}  // namespace
}  // namespace signet::ctl

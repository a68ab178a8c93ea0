// What signetd does with files that are torn, foreign, edited or of a newer signetd: a keyring is refused and
// left as it is; a state file is set aside, a journal dropped, and service goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plugin/hierarchy/framed_file.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::DaemonHome;
using ::signet::testing::DaemonProcess;
using ::signet::testing::IsOk;
using ::signet::testing::KmsCaller;
using ::signet::testing::ProgramPath;
using ::signet::testing::RunProcess;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
}

// How a good file's bytes go bad.
struct Damage {
  const char* name;
  std::string (*apply)(std::string bytes);
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

std::vector<Damage> Damages() {
  return {
      {"Empty", [](std::string) { return std::string(); }},
      {"OneByte", [](std::string bytes) { return bytes.substr(0, 1); }},
      {"Half", [](std::string bytes) { return bytes.substr(0, bytes.size() / 2); }},
      {"LastByteMissing", [](std::string bytes) { return bytes.substr(0, bytes.size() - 1); }},
      {"Zeros", [](std::string bytes) { return std::string(bytes.size(), '\0'); }},
      {"SecondHalfZeros",
       [](std::string bytes) {
         std::fill(bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 2), bytes.end(), '\0');
         return bytes;
       }},
      {"OneBitFlipped",
       [](std::string bytes) {
         bytes[bytes.size() * 2 / 3] = static_cast<char>(bytes[bytes.size() * 2 / 3] ^ 1);
         return bytes;
       }},
      {"TrailingByte", [](std::string bytes) { return bytes + "x"; }},
      {"OtherMagic",
       [](std::string bytes) {
         bytes.replace(0, 8, "NOTOURS!");
         return bytes;
       }},
      {"Text", [](std::string) { return std::string("cluster_id: a configuration in the wrong place\n"); }},
      {"Huge", [](std::string bytes) { return bytes + std::string(size_t{2} << 20, 'x'); }},
  };
}

std::string DamageName(const ::testing::TestParamInfo<Damage>& info) { return info.param.name; }

class BadFilesTest : public ::testing::TestWithParam<Damage> {
 protected:
  // Serves once, so that all files are there, and keeps what was handed out.
  void SetUp() override {
    DaemonProcess daemon(home_);
    ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
    KmsCaller caller(home_.kms_socket());
    ASSERT_OK_AND_ASSIGN(handed_out_, caller.Encrypt("a seed"));
    ASSERT_EQ(daemon.Stop(), 0);
  }

  void ExpectServesAsBefore(DaemonProcess& daemon) {
    ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
    KmsCaller caller(home_.kms_socket());
    ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, caller.Status());
    EXPECT_EQ(status.key_id(), handed_out_.key_id());
    EXPECT_EQ(caller.Decrypt(handed_out_).value_or("?"), "a seed");
    EXPECT_THAT(caller.Encrypt("another"), IsOk());
  }

  std::vector<std::string> SetAside() const {
    std::vector<std::string> contents;
    for (const auto& entry : std::filesystem::directory_iterator(home_.state())) {
      if (absl::StartsWith(entry.path().filename().string(), "state.bad-")) {
        contents.push_back(ReadFile(entry.path()));
      }
    }
    return contents;
  }

  DaemonHome home_;
  v2::EncryptResponse handed_out_;
};

TEST_P(BadFilesTest, AKeyringIsRefusedAndLeftAsItIs) {
  const std::string good = ReadFile(home_.keyring());
  const std::string bad = GetParam().apply(good);
  ASSERT_NE(bad, good);
  WriteFile(home_.keyring(), bad);
  {
    DaemonProcess daemon(home_);
    EXPECT_NE(daemon.Wait(), 0);
    EXPECT_THAT(daemon.Logs(), HasSubstr(home_.keyring()));
  }
  for (const char* verb : {"list", "verify", "add"}) {
    const auto result =
        RunProcess({{ProgramPath("signetctl"), "keyring", verb, "--keyring", home_.keyring()}, {}, {}});
    EXPECT_NE(result.exit_code, 0) << verb;
    EXPECT_THAT(result.errors, HasSubstr(home_.keyring())) << verb;
  }
  EXPECT_EQ(ReadFile(home_.keyring()), bad);
  WriteFile(home_.keyring(), good);
  DaemonProcess daemon(home_);
  ExpectServesAsBefore(daemon);
}

TEST_P(BadFilesTest, AStateFileIsSetAsideAndServiceGoesOn) {
  const std::string path = home_.state() + "/state";
  const std::string bad = GetParam().apply(ReadFile(path));
  WriteFile(path, bad);
  DaemonProcess daemon(home_);
  ExpectServesAsBefore(daemon);
  EXPECT_THAT(daemon.Logs(), HasSubstr(path));
  ASSERT_THAT(SetAside(), SizeIs(1));
  EXPECT_EQ(SetAside()[0], bad);
}

TEST_P(BadFilesTest, AJournalIsDroppedAndServiceGoesOn) {
  const std::string path = home_.state() + "/journal";
  ASSERT_TRUE(std::filesystem::exists(path));
  WriteFile(path, GetParam().apply(ReadFile(path)));
  DaemonProcess daemon(home_);
  ExpectServesAsBefore(daemon);
  EXPECT_THAT(daemon.Logs(), HasSubstr("journal"));
}

INSTANTIATE_TEST_SUITE_P(Damages, BadFilesTest, ::testing::ValuesIn(Damages()), DamageName);

using NewerFilesTest = BadFilesTest;

TEST_F(NewerFilesTest, AStateFileOfANewerSignetdIsRefusedAndLeftAsItIs) {
  const std::string path = home_.state() + "/state";
  // One more than the format that this one writes, which stands behind the magic.
  const auto newest = static_cast<uint32_t>(ReadFile(path)[11]);
  const std::string newer =
      FrameFile(ReadFile(path).substr(0, 8), newest + 1, "a body that this one cannot know");
  WriteFile(path, newer);
  {
    DaemonProcess daemon(home_);
    EXPECT_NE(daemon.Wait(), 0);
    EXPECT_THAT(daemon.Logs(), HasSubstr("newer"));
  }
  EXPECT_EQ(ReadFile(path), newer);
  EXPECT_THAT(SetAside(), SizeIs(0));
}

TEST_F(NewerFilesTest, AKeyringOfANewerSignetdIsRefusedAndLeftAsItIs) {
  std::string newer = ReadFile(home_.keyring());
  newer[8] = 2;  // the format, behind the magic
  WriteFile(home_.keyring(), newer);
  DaemonProcess daemon(home_);
  EXPECT_NE(daemon.Wait(), 0);
  EXPECT_THAT(daemon.Logs(), HasSubstr("newer"));
  EXPECT_EQ(ReadFile(home_.keyring()), newer);
}

}  // namespace
}  // namespace signet

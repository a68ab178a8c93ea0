// How signetd starts and, above all, how it refuses to: one clear line, the right exit code, nothing touched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::DaemonHome;
using ::signet::testing::DaemonProcess;
using ::signet::testing::IsOk;
using ::signet::testing::KmsCaller;
using ::signet::testing::PollUntil;
using ::signet::testing::ProcessResult;
using ::signet::testing::RunProcess;
using ::testing::AllOf;
using ::testing::HasSubstr;

ProcessResult RunSignetd(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), testing::ProgramPath("signetd"));
  return RunProcess({std::move(arguments), {}, {}});
}

class DaemonStartTest : public ::testing::Test {
 protected:
  // The exit code of a daemon that must refuse; its log is in `log`.
  int Refusal(std::string& log, std::vector<std::string> wrapper = {}) {
    DaemonProcess daemon(home_, {}, std::move(wrapper));
    const int code = daemon.Wait();
    log = daemon.Logs();
    return code;
  }

  DaemonHome home_;
};

TEST_F(DaemonStartTest, ASecondInstanceIsRefusedNamingLockFileAndPid) {
  DaemonProcess first(home_);
  ASSERT_TRUE(first.WaitUntilReady()) << first.Logs();
  std::string log;
  EXPECT_EQ(Refusal(log), 3);
  EXPECT_THAT(log,
              AllOf(HasSubstr(home_.kms_socket() + ".lock"), HasSubstr(absl::StrCat("pid ", first.pid()))));
  EXPECT_THAT(KmsCaller(home_.kms_socket()).Status(), IsOk());
}

TEST_F(DaemonStartTest, ASecondInstanceOnOtherSocketsIsKeptFromTheStateDirectory) {
  DaemonProcess first(home_);
  ASSERT_TRUE(first.WaitUntilReady()) << first.Logs();
  std::ifstream config(home_.config());
  std::string text((std::istreambuf_iterator<char>(config)), {});
  for (const char* name : {"kms.sock", "admin.sock"}) text.replace(text.find(name), 1, "x");
  const std::string other = home_.path() + "/other.yaml";
  std::ofstream(other) << text;
  const ProcessResult result = RunSignetd({"--config", other});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr(home_.state()));
}

TEST_F(DaemonStartTest, RefusesASocketFolderThatOthersMayWrite) {
  ASSERT_EQ(::chmod(home_.path().c_str(), 0777), 0);
  std::string log;
  EXPECT_EQ(Refusal(log), 3);
  EXPECT_THAT(log, HasSubstr("writable by others"));
}

TEST_F(DaemonStartTest, NeverRemovesAFileInThePlaceOfTheSocket) {
  std::ofstream(home_.kms_socket()) << "precious";
  std::string log;
  EXPECT_EQ(Refusal(log), 3);
  EXPECT_THAT(log, HasSubstr("not a socket"));
  std::string content;
  std::ifstream(home_.kms_socket()) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(DaemonStartTest, RefusesAMissingKeyring) {
  ASSERT_EQ(::unlink(home_.keyring().c_str()), 0);
  std::string log;
  EXPECT_EQ(Refusal(log), 3);
  EXPECT_THAT(log, AllOf(HasSubstr("provider primary"), HasSubstr(home_.keyring())));
}

TEST_F(DaemonStartTest, RefusesAKeyringThatOthersMayRead) {
  ASSERT_EQ(::chmod(home_.keyring().c_str(), 0644), 0);
  std::string log;
  EXPECT_EQ(Refusal(log), 3);
  EXPECT_THAT(log, HasSubstr(home_.keyring()));
}

TEST_F(DaemonStartTest, TellsAllProblemsOfAConfigurationAtOnce) {
  home_.Configure("no_such_setting: 1\nmax_plaintext_bytes: huge\n");
  const ProcessResult check = RunSignetd({"--config", home_.config(), "--check-config"});
  EXPECT_EQ(check.exit_code, 2);
  EXPECT_THAT(check.errors, AllOf(HasSubstr(home_.config() + ":"), HasSubstr("no_such_setting"),
                                  HasSubstr("max_plaintext_bytes")));
  std::string log;
  EXPECT_EQ(Refusal(log), 2);
  EXPECT_EQ(log, check.errors);
}

TEST_F(DaemonStartTest, CheckConfigAcceptsAGoodOneAndStartsNothing) {
  EXPECT_EQ(RunSignetd({"--config", home_.config(), "--check-config"}).exit_code, 0);
  EXPECT_NE(::access(home_.kms_socket().c_str(), F_OK), 0);
}

TEST_F(DaemonStartTest, RefusesBadArgumentsAndAMissingConfiguration) {
  EXPECT_EQ(RunSignetd({"--no-such-flag"}).exit_code, 2);
  EXPECT_EQ(RunSignetd({"--config", "/nonexistent/signetd.yaml"}).exit_code, 2);
}

TEST_F(DaemonStartTest, VersionNamesCommitAndLibraries) {
  const ProcessResult result = RunSignetd({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("signetd "), HasSubstr("commit"), HasSubstr("gRPC"), HasSubstr("OpenSSL")));
}

TEST_F(DaemonStartTest, GivesTheSocketItsConfiguredModeAndGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a socket away";
  home_.Configure("", "  mode: 0660\n  group: \"4321\"\n");
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  struct stat info {};
  ASSERT_EQ(::stat(home_.kms_socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0660U);
  EXPECT_EQ(info.st_gid, 4321U);
}

TEST_F(DaemonStartTest, RefusesAnUnknownGroup) {
  home_.Configure("", "  group: no-such-group-here\n");
  std::string log;
  EXPECT_EQ(Refusal(log), 3);
  EXPECT_THAT(log, HasSubstr("no-such-group-here"));
}

TEST_F(DaemonStartTest, RequiredMemoryLockRefusesAFiniteLimitAndWarnGoesOn) {
  const std::string setpriv = "/usr/bin/setpriv";
  if (::geteuid() != 0 || ::access(setpriv.c_str(), X_OK) != 0) {
    GTEST_SKIP() << "needs root and setpriv to take a capability away";
  }
  const std::vector<std::string> limited = {setpriv, "--bounding-set=-ipc_lock", "prlimit",
                                            "--memlock=8388608", "--"};
  home_.Configure("memory_lock: required\n");
  std::string log;
  EXPECT_EQ(Refusal(log, limited), 3);
  EXPECT_THAT(log, AllOf(HasSubstr("memory_lock"), HasSubstr("RLIMIT_MEMLOCK")));

  home_.Configure("memory_lock: warn\n");
  DaemonProcess daemon(home_, {}, limited);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  EXPECT_THAT(daemon.Logs(), AllOf(HasSubstr("only keys are locked"), HasSubstr("memory_locked=false")));
}

TEST_F(DaemonStartTest, TakesItsSocketsFromSystemdAndLeavesThemThere) {
  const std::string activate = "/usr/bin/systemd-socket-activate";
  if (::access(activate.c_str(), X_OK) != 0) GTEST_SKIP() << "no systemd-socket-activate";
  // It hands on only what it is told to; a sanitizer build needs its options.
  DaemonProcess daemon(home_, {},
                       {activate, "--setenv=ASAN_OPTIONS", "--setenv=TSAN_OPTIONS", "--listen",
                        home_.kms_socket(), "--fdname=kms", "--"});
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt("seed"));
  EXPECT_EQ(caller.Decrypt(encrypted).value_or(""), "seed");
  EXPECT_EQ(daemon.Stop(), 0) << daemon.Logs();
  EXPECT_EQ(::access(home_.kms_socket().c_str(), F_OK), 0);
}

TEST_F(DaemonStartTest, TellsSystemdThatItIsReady) {
  const std::string path = home_.path() + "/notify";
  const int receiver = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(receiver, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  DaemonProcess daemon(home_, {"NOTIFY_SOCKET=" + path});
  std::string heard;
  EXPECT_TRUE(PollUntil([&] {
    char text[64];
    const ssize_t size = ::recv(receiver, text, sizeof(text), 0);
    if (size > 0) heard.assign(text, static_cast<size_t>(size));
    return size > 0;
  })) << daemon.Logs();
  EXPECT_EQ(heard, "READY=1");
  EXPECT_EQ(daemon.Stop(), 0);
  ::close(receiver);
}

}  // namespace
}  // namespace signet

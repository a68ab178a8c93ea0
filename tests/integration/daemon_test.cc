// signetd as a process: it serves, drains, dies, comes back, and says what it did. How it refuses to start:
// daemon_start_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/admin/v1/admin.grpc.pb.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::ConnectTo;
using ::signet::testing::DaemonHome;
using ::signet::testing::DaemonProcess;
using ::signet::testing::DecryptRequestFor;
using ::signet::testing::IsOk;
using ::signet::testing::KmsCaller;
using ::signet::testing::PollUntil;
using ::signet::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

bool Exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// The lines of a log that hold all of the words.
size_t LinesWith(const std::string& log, const std::vector<std::string>& words) {
  size_t count = 0;
  for (absl::string_view line : absl::StrSplit(absl::string_view(log), '\n')) {
    count += std::all_of(words.begin(), words.end(),
                         [&](const std::string& word) { return absl::StrContains(line, word); })
                 ? 1
                 : 0;
  }
  return count;
}

class DaemonTest : public ::testing::Test {
 protected:
  DaemonHome home_;
};

TEST_F(DaemonTest, ServesARoundTrip) {
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, caller.Status());
  EXPECT_EQ(status.version(), "v2");
  EXPECT_EQ(status.healthz(), "ok");
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt(std::string(32, 's')));
  EXPECT_EQ(encrypted.key_id(), status.key_id());
  ASSERT_OK_AND_ASSIGN(const std::string plaintext, caller.Decrypt(encrypted));
  EXPECT_EQ(plaintext, std::string(32, 's'));
  EXPECT_EQ(daemon.Stop(), 0) << daemon.Logs();
}

TEST_F(DaemonTest, EncryptAndStatusNameOneKeyIdThroughAThousandCalls) {
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  for (int i = 0; i < 1000; ++i) {
    ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, caller.Status());
    ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt("seed"));
    ASSERT_EQ(encrypted.key_id(), status.key_id());
  }
}

TEST_F(DaemonTest, KeepsItsKeyIdOverARestartAndOpensWhatItSealedBefore) {
  v2::StatusResponse before;
  v2::EncryptResponse encrypted;
  {
    DaemonProcess daemon(home_);
    ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
    KmsCaller caller(home_.kms_socket());
    ASSERT_OK_AND_ASSIGN(before, caller.Status());
    ASSERT_OK_AND_ASSIGN(encrypted, caller.Encrypt("seed"));
    EXPECT_EQ(daemon.Stop(), 0);
  }
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::StatusResponse after, caller.Status());
  EXPECT_EQ(after.key_id(), before.key_id());
  EXPECT_EQ(caller.Decrypt(encrypted).value_or(""), "seed");
}

TEST_F(DaemonTest, TheStatusVersionIsASettingThatRestartsKeep) {
  home_.Configure("status_version: v2beta1\n");
  for (int i = 0; i < 2; ++i) {
    DaemonProcess daemon(home_);
    ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
    ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, KmsCaller(home_.kms_socket()).Status());
    EXPECT_EQ(status.version(), "v2beta1");
    EXPECT_EQ(daemon.Stop(), 0);
  }
}

TEST_F(DaemonTest, ACallThatWaitsForALateDaemonSucceeds) {
  KmsCaller caller(home_.kms_socket());
  absl::Status status;
  std::thread waiting([&] { status = caller.Encrypt("seed").status(); });
  DaemonProcess daemon(home_);
  waiting.join();
  EXPECT_THAT(status, IsOk()) << daemon.Logs();
}

TEST_F(DaemonTest, AfterKillNineTheStaleSocketIsReplacedAndCallersComeBack) {
  DaemonProcess first(home_);
  ASSERT_TRUE(first.WaitUntilReady()) << first.Logs();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt("seed"));
  first.Kill();
  EXPECT_TRUE(Exists(home_.kms_socket()));
  // One that waits for a daemon all the time, and one that had a connection to the dead one.
  std::string plaintext;
  std::thread waiting([&] { plaintext = KmsCaller(home_.kms_socket()).Decrypt(encrypted).value_or(""); });
  DaemonProcess second(home_);
  EXPECT_TRUE(second.WaitUntilReady()) << second.Logs();
  waiting.join();
  EXPECT_EQ(plaintext, "seed");
  EXPECT_TRUE(PollUntil([&] { return caller.Decrypt(encrypted).value_or("") == "seed"; }));
}

TEST_F(DaemonTest, OnSigtermCallsFinishTheSocketGoesAndTheExitIsClean) {
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt("seed"));
  // Callers that go on all the time: every answer is right, or a refusal, never a broken call with a wrong
  // one.
  std::atomic<bool> done{false};
  std::atomic<int> good{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      KmsCaller own(home_.kms_socket(), std::chrono::milliseconds(500));
      while (!done) {
        const auto plaintext = own.Decrypt(encrypted);
        if (plaintext.ok()) ++(*plaintext == "seed" ? good : wrong);
      }
    });
  }
  EXPECT_TRUE(PollUntil([&] { return good > 100; }));
  EXPECT_EQ(daemon.Stop(), 0) << daemon.Logs();
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_FALSE(Exists(home_.kms_socket()));
  EXPECT_FALSE(Exists(home_.admin_socket()));
  EXPECT_THAT(daemon.Logs(), HasSubstr("stopped"));
}

TEST_F(DaemonTest, StopsOnSigintToo) {
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  daemon.Signal(SIGINT);
  EXPECT_EQ(daemon.Wait(), 0);
}

TEST_F(DaemonTest, LogsEveryCallAtDebugLevelAndNeverWhatItCarries) {
  home_.Configure("log:\n  level: debug\n");
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  const std::string plaintext = "plaintext-that-nobody-may-see-32";
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt(plaintext, "the-uid"));
  ASSERT_THAT(caller.Decrypt(encrypted), IsOk());
  v2::DecryptRequest tampered = DecryptRequestFor(encrypted, "the-other-uid");
  tampered.mutable_ciphertext()->back() ^= 1;
  EXPECT_THAT(caller.Decrypt(tampered), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(daemon.Stop(), 0);
  const std::string log = daemon.Logs();
  EXPECT_EQ(
      LinesWith(log, {" debug call ", "method=Encrypt", "uid=the-uid", "code=OK", "key_id_hash=sha256:"}), 1U)
      << log;
  EXPECT_EQ(LinesWith(log, {" debug call ", "method=Decrypt", "uid=uid-2", "code=OK"}), 1U);
  EXPECT_EQ(LinesWith(log, {" warning call ", "method=Decrypt", "uid=the-other-uid", "code=DATA_LOSS"}), 1U);
  EXPECT_THAT(log, Not(HasSubstr("nobody-may-see")));
  EXPECT_THAT(log, Not(HasSubstr(encrypted.ciphertext().substr(20, 16))));
}

TEST_F(DaemonTest, AHostileUidForgesNoLogLine) {
  home_.Configure("log:\n  level: debug\n  format: json\n");
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  ASSERT_THAT(caller.Encrypt("seed", "x\"}\n{\"level\":\"error\",\"message\":\"forged\"}\x1b[2J"), IsOk());
  EXPECT_THAT(caller.Encrypt("seed", std::string(1 << 20, 'u')),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(daemon.Stop(), 0);
  EXPECT_EQ(LinesWith(daemon.Logs(), {"forged"}), 1U);
  EXPECT_EQ(LinesWith(daemon.Logs(), {"\"level\":\"error\""}), 0U);
  EXPECT_THAT(daemon.Logs(), Not(HasSubstr("\x1b")));
}

TEST_F(DaemonTest, TheAdminSocketTellsTheStateAndAuditsTheCall) {
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  struct stat info {};
  ASSERT_EQ(::stat(home_.admin_socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, KmsCaller(home_.kms_socket()).Status());

  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  admin::v1::GetStateResponse state;
  ASSERT_TRUE(
      admin::v1::AdminService::NewStub(ConnectTo(home_.admin_socket()))->GetState(&context, {}, &state).ok());
  EXPECT_EQ(state.pid(), daemon.pid());
  EXPECT_EQ(state.cluster_id(), "test");
  EXPECT_TRUE(state.can_encrypt());
  EXPECT_EQ(state.active().key_id(), status.key_id());
  EXPECT_EQ(state.active().local_kek_id().size(), 32U);
  EXPECT_TRUE(state.active().stored());
  ASSERT_EQ(state.providers_size(), 1);
  EXPECT_EQ(state.providers(0).type(), "local");
  EXPECT_TRUE(state.providers(0).active());
  EXPECT_EQ(state.kms_socket().path(), home_.kms_socket());
  EXPECT_GE(state.kms_socket().calls(), 2U);
  EXPECT_EQ(state.config_file(), home_.config());
  EXPECT_EQ(daemon.Stop(), 0);
  EXPECT_EQ(LinesWith(daemon.Logs(), {" info audit ", "api=admin", "method=GetState",
                                      absl::StrCat("peer_uid=", ::geteuid(), " peer_pid=", ::getpid())}),
            1U)
      << daemon.Logs();
}

TEST_F(DaemonTest, LeavesNoCoreDump) {
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  std::ifstream limits(absl::StrCat("/proc/", daemon.pid(), "/limits"));
  std::string line;
  while (std::getline(limits, line) && !absl::StartsWith(line, "Max core file size")) {
  }
  const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  ASSERT_GE(words.size(), 6U) << line;
  EXPECT_EQ(words[4], "0");
  EXPECT_EQ(words[5], "0");
}

}  // namespace
}  // namespace signet

// The operator's verbs on the real daemon: a rotation, what watch sees of it, reloads, and who may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"

namespace signet::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class AdminVerbsTest : public ::testing::Test {
 protected:
  void Start() {
    daemon_.emplace(home_);
    ASSERT_TRUE(daemon_->WaitUntilReady()) << daemon_->Logs();
  }
  ProcessResult Ctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), ProgramPath("signetctl"));
    arguments.insert(arguments.end(), {"--config", home_.config()});
    return RunProcess({arguments, {}, {}});
  }
  nlohmann::json CtlJson(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-o", "json"});
    const ProcessResult result = Ctl(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return nlohmann::json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  }
  // `signetctl watch` beside the test, once it listens.
  std::unique_ptr<Process> Watch() const {
    const size_t before = Opened();
    auto watch = std::make_unique<Process>(ProcessOptions{
        {ProgramPath("signetctl"), "watch", "-o", "json", "--config", home_.config()}, {}, {}});
    EXPECT_TRUE(PollUntil([&] { return Opened() > before; }));
    return watch;
  }
  size_t Opened() const {
    const std::vector<std::string> parts = absl::StrSplit(daemon_->Logs(), "stream=opened");
    return parts.size() - 1;
  }
  static std::vector<std::string> Kinds(const Process& watch) {
    std::vector<std::string> kinds;
    for (absl::string_view line : absl::StrSplit(watch.Output(), '\n', absl::SkipEmpty())) {
      const nlohmann::json event = nlohmann::json::parse(std::string(line), nullptr, false);
      if (event.contains("kind")) kinds.push_back(event["kind"]);
    }
    return kinds;
  }
  std::string KeyId() const {
    const absl::StatusOr<v2::StatusResponse> status = KmsCaller(home_.kms_socket()).Status();
    EXPECT_THAT(status, IsOk());
    return status.ok() ? status->key_id() : "";
  }
  std::string Audit(absl::string_view method) const {
    for (absl::string_view line : absl::StrSplit(daemon_->Logs(), '\n')) {
      if (absl::StrContains(line, "audit") && absl::StrContains(line, absl::StrCat("method=", method))) {
        return std::string(line);
      }
    }
    return "";
  }

  DaemonHome home_;
  std::optional<DaemonProcess> daemon_;
};

TEST_F(AdminVerbsTest, RotateLocalMakesANewLocalKekUnderTheSameKeyIdAndOldDataStaysReadable) {
  Start();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse before, caller.Encrypt("seed"));
  const std::string key_id = KeyId();
  const nlohmann::json old_keys = CtlJson({"keys"});
  ASSERT_EQ(old_keys.size(), 1U);
  const auto watch = Watch();

  const ProcessResult rotate = Ctl({"rotate", "local", "--wait"});
  EXPECT_EQ(rotate.exit_code, 0) << rotate.errors;
  EXPECT_THAT(rotate.output,
              HasSubstr("kube-apiserver keeps its seed until it restarts or sees a new key_id"));
  EXPECT_EQ(KeyId(), key_id);
  const nlohmann::json keys = CtlJson({"keys"});
  EXPECT_EQ(keys[0]["state"], "active");
  EXPECT_NE(keys[0]["local_kek_id"], old_keys[0]["local_kek_id"]);
  EXPECT_THAT(rotate.output, HasSubstr(keys[0]["local_kek_id"].get<std::string>()));
  EXPECT_EQ(caller.Decrypt(before).value_or(""), "seed");
  EXPECT_TRUE(PollUntil([&] {
    const std::vector<std::string> kinds = Kinds(*watch);
    return std::count(kinds.begin(), kinds.end(), "key_activated") == 1 &&
           std::count(kinds.begin(), kinds.end(), "operation") == 1;
  })) << watch->Output();
  EXPECT_THAT(Audit("RotateLocalKek"), HasSubstr(absl::StrCat("code=OK")));
  EXPECT_THAT(Audit("RotateLocalKek"), HasSubstr(absl::StrCat("peer_uid=", ::geteuid())));
}

TEST_F(AdminVerbsTest, ANewKeyringVersionIsFollowedUntilItIsAnnounced) {
  home_.Configure("watch: {interval: 1h, confirm_interval: 100ms, activation_delay: 300ms}\n");
  Start();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse before, caller.Encrypt("seed"));
  const auto watch = Watch();
  ASSERT_EQ(Ctl({"keyring", "add", "--activate"}).exit_code, 0);
  const ProcessResult refresh = Ctl({"refresh", "--wait", "-o", "json", "--timeout", "60s"});
  ASSERT_EQ(refresh.exit_code, 0) << refresh.errors << daemon_->Logs();
  EXPECT_THAT(refresh.errors, HasSubstr("version_pending"));
  EXPECT_THAT(refresh.errors, HasSubstr("key_activated"));
  const std::string key_id = KeyId();
  EXPECT_THAT(key_id, StartsWith("local-v2-"));
  EXPECT_EQ(nlohmann::json::parse(refresh.output)["key_id"], key_id);
  EXPECT_EQ(caller.Decrypt(before).value_or(""), "seed");
  EXPECT_TRUE(PollUntil([&] {
    const std::vector<std::string> kinds = Kinds(*watch);
    return std::count(kinds.begin(), kinds.end(), "version_pending") == 1 &&
           std::count(kinds.begin(), kinds.end(), "key_activated") == 1;
  })) << watch->Output();
}

TEST_F(AdminVerbsTest, AKeyringIsNotRotatedFromHereAndTheToolSaysHow) {
  home_.Configure("allow_remote_rotation: true\n");
  Start();
  const ProcessResult rotate = Ctl({"rotate", "remote", "--yes"});
  EXPECT_EQ(rotate.exit_code, 1);
  EXPECT_THAT(rotate.errors, HasSubstr("signetctl keyring add"));
  EXPECT_THAT(rotate.errors, HasSubstr("keyring activate --at"));
}

TEST_F(AdminVerbsTest, ASingleNodesKeyringIsRotatedThroughTheDaemonAndFollowed) {
  home_.Configure(
      "allow_remote_rotation: true\n"
      "watch: {interval: 1h, confirm_interval: 100ms, activation_delay: 300ms}\n",
      "", "      allow_rotate: true\n");
  Start();
  KmsCaller caller(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse before, caller.Encrypt("seed"));
  const ProcessResult rotate = Ctl({"rotate", "remote", "--yes", "--wait", "-o", "json", "--timeout", "60s"});
  ASSERT_EQ(rotate.exit_code, 0) << rotate.errors << daemon_->Logs();
  const std::string key_id = KeyId();
  EXPECT_THAT(key_id, StartsWith("local-v2-"));
  EXPECT_EQ(nlohmann::json::parse(rotate.output)["key_id"], key_id);
  EXPECT_EQ(caller.Decrypt(before).value_or(""), "seed");
  EXPECT_THAT(Audit("RotateRemoteKey"), HasSubstr("code=OK"));
  EXPECT_EQ(daemon_->Stop(), 0);
  Start();
  EXPECT_EQ(KeyId(), key_id);
}

TEST_F(AdminVerbsTest, ALoopOfCallsBesideARotationHasNoFailureAndTellsSoWhenStopped) {
  home_.Configure(
      "allow_remote_rotation: true\n"
      "watch: {interval: 1h, confirm_interval: 100ms, activation_delay: 300ms}\n",
      "", "      allow_rotate: true\n");
  Start();
  const std::string before = KeyId();
  const auto calls = [&] { return CtlJson({"status"})["kms_socket"]["calls"].get<int64_t>(); };
  const int64_t calls_before = calls();
  Process loop(
      {{ProgramPath("signetctl"), "selftest", "--for", "10m", "-o", "json", "--config", home_.config()},
       {},
       {}});
  ASSERT_TRUE(PollUntil([&] { return calls() > calls_before + 10; }));
  ASSERT_EQ(Ctl({"rotate", "remote", "--yes", "--wait", "--timeout", "60s"}).exit_code, 0);
  const int64_t calls_after = calls();
  ASSERT_TRUE(PollUntil([&] { return calls() > calls_after + 10; }));
  loop.Signal(SIGTERM);
  EXPECT_EQ(loop.Wait(), 0) << loop.Output() << loop.Errors();
  const nlohmann::json report = nlohmann::json::parse(loop.Output(), nullptr, false);
  EXPECT_EQ(report["failures"], 0);
  EXPECT_EQ(report["key_ids"], nlohmann::json({before, KeyId()}));
}

TEST_F(AdminVerbsTest, WatchEndsWhenTheDaemonStops) {
  Start();
  const auto watch = Watch();
  EXPECT_EQ(daemon_->Stop(), 0);
  EXPECT_EQ(watch->Wait(), 3);
  EXPECT_THAT(watch->Errors(), HasSubstr("signetctl: "));
}

TEST_F(AdminVerbsTest, AReaderWhoIsKilledHoldsNothingUp) {
  Start();
  for (int i = 0; i < 12; ++i) {
    const auto watch = Watch();
    watch->Signal(SIGKILL);
    watch->Wait();
  }
  EXPECT_TRUE(PollUntil([&] {
    return Ctl({"watch", "--timeout", "10ms"}).exit_code == 0;
  })) << daemon_->Logs();
  EXPECT_EQ(Ctl({"refresh"}).exit_code, 0);
  EXPECT_EQ(daemon_->Stop(), 0);
}

TEST_F(AdminVerbsTest, WaitReturnsOnceADaemonThatStartsIsReady) {
  Process wait(
      {{ProgramPath("signetctl"), "wait", "--for", "ready", "--timeout", "60s", "--config", home_.config()},
       {},
       {}});
  Start();
  EXPECT_EQ(wait.Wait(), 0) << wait.Errors();
  const std::string key_id = KeyId();
  EXPECT_EQ(Ctl({"wait", "--for", absl::StrCat("key-id=", key_id)}).exit_code, 0);
  const std::string hash = CtlJson({"status"})["active"]["key_id_hash"];
  EXPECT_EQ(Ctl({"wait", "--for", absl::StrCat("key-id-hash=", hash)}).exit_code, 0);
  EXPECT_EQ(Ctl({"wait", "--for", "key-id=never", "--timeout", "50ms"}).exit_code, 1);
}

TEST_F(AdminVerbsTest, DangerousVerbsNeedYesWithoutATerminal) {
  Start();
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"purge"}, {"accept-key-id", "k"}, {"rotate", "remote"}}) {
    const ProcessResult result = Ctl(verb);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.errors, HasSubstr("no terminal: confirm with --yes"));
  }
  EXPECT_THAT(daemon_->Logs(), Not(HasSubstr("method=PurgeKeys")));
}

TEST_F(AdminVerbsTest, AnotherUidIsRefusedAndAudited) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  // As if somebody had opened folder and socket to everybody.
  ASSERT_EQ(::chmod(home_.path().c_str(), 0755), 0);
  Start();
  ASSERT_EQ(::chmod(home_.admin_socket().c_str(), 0666), 0);
  for (const char* verb : {"refresh", "keys", "reload", "watch", "status"}) {
    const ProcessResult result =
        RunProcess({{"/usr/bin/setpriv", "--reuid", "1235", "--clear-groups", "--", ProgramPath("signetctl"),
                     verb, "--admin-socket", home_.admin_socket()},
                    {},
                    {}});
    EXPECT_EQ(result.exit_code, 3) << verb;
    EXPECT_THAT(result.errors, HasSubstr("uid not in admin_socket.allowed_uids")) << verb;
  }
  for (const char* method : {"RefreshRemoteKey", "ListKeys", "ReloadConfig", "WatchEvents", "GetState"}) {
    EXPECT_THAT(Audit(method), HasSubstr("code=PERMISSION_DENIED"));
    EXPECT_THAT(Audit(method), HasSubstr("peer_uid=1235"));
  }
}

class ReloadVerbTest : public AdminVerbsTest {
 protected:
  void Reload(bool by_signal) {
    if (by_signal) {
      daemon_->Signal(SIGHUP);
    } else {
      Ctl({"reload"});
    }
  }
};

TEST_F(ReloadVerbTest, AppliesTheSafeSubsetAndNamesTheRestWithOldAndNewValues) {
  Start();
  KmsCaller caller(home_.kms_socket());
  EXPECT_FALSE(caller.Encrypt(std::string(2000, 'x')).ok());
  home_.Configure("max_plaintext_bytes: 4000\nstatus_version: v2beta1\nlog: {level: debug}\n");
  const nlohmann::json answer = CtlJson({"reload"});
  ASSERT_EQ(answer["applied"].size(), 2U);
  EXPECT_EQ(answer["applied"][0],
            nlohmann::json({{"field", "max_plaintext_bytes"}, {"old", "916"}, {"new", "4000"}}));
  EXPECT_EQ(answer["applied"][1]["field"], "log.level");
  ASSERT_EQ(answer["needs_restart"].size(), 1U);
  EXPECT_EQ(answer["needs_restart"][0],
            nlohmann::json({{"field", "status_version"}, {"old", "v2"}, {"new", "v2beta1"}}));
  EXPECT_THAT(caller.Encrypt(std::string(2000, 'x')), IsOk());
  EXPECT_TRUE(PollUntil([&] { return absl::StrContains(daemon_->Logs(), " debug "); }));
  EXPECT_EQ(CtlJson({"status"})["last_reload"]["needs_restart"][0], "status_version");
}

// Contract case 5: kube-apiserver refuses a version that changes under it.
TEST_F(ReloadVerbTest, TheStatusVersionStaysOverReloadsOfEitherKind) {
  Start();
  home_.Configure("status_version: v2beta1\n");
  for (const bool by_signal : {true, false}) {
    Reload(by_signal);
    ASSERT_TRUE(
        PollUntil([&] { return absl::StrContains(daemon_->Logs(), "status_version: v2 -> v2beta1"); }));
    ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, KmsCaller(home_.kms_socket()).Status());
    EXPECT_EQ(status.version(), "v2");
  }
}

// Contract case 60: two API servers' connections, before, during and after.
TEST_F(ReloadVerbTest, SighupKeepsConnectionsAndCallsGoOn) {
  Start();
  KmsCaller one(home_.kms_socket());
  KmsCaller other(home_.kms_socket());
  ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, one.Encrypt("seed"));
  EXPECT_THAT(other.Status(), IsOk());
  const auto connections = [&] { return CtlJson({"status"})["kms_socket"]["connections"].get<int>(); };
  EXPECT_TRUE(PollUntil([&] { return connections() == 2; }));  // that of WaitUntilReady ends
  home_.Configure("max_plaintext_bytes: 4000\n");
  daemon_->Signal(SIGHUP);
  bool reloaded = false;
  while (!reloaded) {
    reloaded = absl::StrContains(daemon_->Logs(), "configuration reloaded");
    ASSERT_EQ(other.Decrypt(encrypted).value_or(""), "seed");
    ASSERT_THAT(one.Status(), IsOk());
  }
  EXPECT_THAT(one.Encrypt(std::string(2000, 'x')), IsOk());
  EXPECT_THAT(other.Encrypt(std::string(2000, 'x')), IsOk());
  EXPECT_EQ(connections(), 2);
  EXPECT_EQ(daemon_->Stop(), 0);
}

TEST_F(ReloadVerbTest, AFileWithOneProblemChangesNothing) {
  Start();
  home_.Configure("max_plaintext_bytes: 4000\nshutdown_grace: soon\nunknown: 1\n");
  const ProcessResult reload = Ctl({"reload", "--admin-socket", home_.admin_socket()});
  EXPECT_EQ(reload.exit_code, 2);
  EXPECT_THAT(reload.errors, HasSubstr(":13:17: shutdown_grace: "));
  EXPECT_THAT(reload.errors, HasSubstr(":14:1: unknown: "));
  EXPECT_FALSE(KmsCaller(home_.kms_socket()).Encrypt(std::string(2000, 'x')).ok());
  daemon_->Signal(SIGHUP);
  ASSERT_TRUE(PollUntil([&] {
    const std::string logs = daemon_->Logs();
    const size_t first = logs.find("nothing changed");
    return first != std::string::npos && logs.find("nothing changed", first + 1) != std::string::npos;
  }));
  EXPECT_FALSE(KmsCaller(home_.kms_socket()).Encrypt(std::string(2000, 'x')).ok());
  home_.Configure("max_plaintext_bytes: 4000\n");
  EXPECT_EQ(Ctl({"reload"}).exit_code, 0);
  EXPECT_THAT(KmsCaller(home_.kms_socket()).Encrypt(std::string(2000, 'x')), IsOk());
}

TEST_F(ReloadVerbTest, AUidThatIsAddedMayCallAndOneThatIsRemovedMayNoMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  ASSERT_EQ(::chmod(home_.path().c_str(), 0755), 0);
  Start();
  ASSERT_EQ(::chmod(home_.kms_socket().c_str(), 0666), 0);
  const auto health = [&] {
    return RunProcess({{"/usr/bin/setpriv", "--reuid", "1235", "--clear-groups", "--",
                        ProgramPath("signetctl"), "health", "--kms-socket", home_.kms_socket()},
                       {},
                       {}})
        .exit_code;
  };
  EXPECT_EQ(health(), 3);
  home_.Configure("", "  allowed_uids: [0, 1235]\n");
  EXPECT_EQ(Ctl({"reload"}).exit_code, 0);
  EXPECT_TRUE(PollUntil([&] { return health() == 0; }));
  home_.Configure();
  EXPECT_EQ(Ctl({"reload"}).exit_code, 0);
  EXPECT_TRUE(PollUntil([&] { return health() == 3; }));
}

}  // namespace
}  // namespace signet::testing

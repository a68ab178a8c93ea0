#include "plugin/config/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kMinimal[] = R"(cluster_id: prod-1
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    local:
      keyring: /etc/signet/keyring
kms_socket:
  path: /run/signet/kms.sock
admin_socket:
  path: /run/signet/admin.sock
)";

std::string Minimal(const std::string& more) { return absl::StrCat(kMinimal, more); }

// The problems that `text` has, one per line.
std::string Problems(const std::string& text) {
  const absl::StatusOr<Config> config = LoadConfigText("f", text);
  EXPECT_THAT(config, StatusIs(absl::StatusCode::kInvalidArgument));
  return std::string(config.status().message());
}

TEST(ConfigLoaderTest, FillsInTheDefaults) {
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfigText("f", kMinimal));
  EXPECT_EQ(config.cluster_id, "prod-1");
  EXPECT_EQ(config.state_directory, "/var/lib/signet");
  EXPECT_EQ(config.active, "primary");
  ASSERT_EQ(config.providers.size(), 1u);
  EXPECT_EQ(config.providers[0].name, "primary");
  EXPECT_EQ(config.providers[0].type, "local");
  EXPECT_EQ(config.providers[0].local->keyring, "/etc/signet/keyring");
  EXPECT_EQ(config.providers[0].local->passphrase_file, "");
  EXPECT_EQ(config.providers[0].local->passphrase_credential, "");
  EXPECT_EQ(config.kms_socket.path, "/run/signet/kms.sock");
  EXPECT_EQ(config.kms_socket.mode, mode_t{0600});
  EXPECT_EQ(config.kms_socket.owner, std::nullopt);
  EXPECT_THAT(config.kms_socket.allowed_uids, ElementsAre(0));
  EXPECT_EQ(config.admin_socket.path, "/run/signet/admin.sock");
  EXPECT_EQ(config.local_kek.lifetime, absl::Hours(720));
  EXPECT_EQ(config.max_plaintext_bytes, 916u);
  EXPECT_EQ(config.memory_lock, MemoryLock::kWarn);
}

TEST(ConfigLoaderTest, ReadsEverySetting) {
  ASSERT_OK_AND_ASSIGN(const Config config, LoadConfigText("f", R"(
cluster_id: a
previous_cluster_ids: [b, "c"]
state_directory: /s
status_version: v2beta1
key_id_generation: 7
max_plaintext_bytes: 64
active: two
providers:
  - name: one
    local: {keyring: /k1, passphrase_file: /p}
  - name: two
    local: {keyring: /k2, passphrase_credential: cred, allow_rotate: true}
kms_socket:
  path: '@signet'
  allow_abstract: true
  allowed_uids: [0, 65532]
  max_connections: 3
  max_calls_in_flight: 4
admin_socket: {path: /a, allowed_uids: []}
local_kek: {lifetime: 2500ms, max_uses: 5, cached: 6}
watch: {interval: 100ms, confirm_interval: 110ms, activation_delay: 120ms, probe_interval: 130ms, move_delay: 140ms}
active_from: 2025-03-01T03:00:00+01:00
active_before: one
mode: direct
offline_limit: 700ms
decrypt_past_offline_limit: false
denied_grace: 0s
redundancy: {also_wrap_with: [one, two], allow_degraded_start: true, on_revoked: fallback}
allow_remote_rotation: true
shutdown_grace: 2m
memory_lock: required
log: {level: warning, format: json}
)"));
  EXPECT_THAT(config.previous_cluster_ids, ElementsAre("b", "c"));
  EXPECT_EQ(config.status_version, "v2beta1");
  EXPECT_EQ(config.key_id_generation, 7u);
  EXPECT_EQ(config.max_plaintext_bytes, 64u);
  EXPECT_EQ(config.active, "two");
  EXPECT_EQ(config.providers[0].local->passphrase_file, "/p");
  EXPECT_EQ(config.providers[1].local->passphrase_credential, "cred");
  EXPECT_FALSE(config.providers[0].local->allow_rotate);
  EXPECT_TRUE(config.providers[1].local->allow_rotate);
  EXPECT_EQ(config.kms_socket.path, "@signet");
  EXPECT_TRUE(config.kms_socket.allow_abstract);
  EXPECT_THAT(config.kms_socket.allowed_uids, ElementsAre(0, 65532));
  EXPECT_EQ(config.kms_socket.max_connections, 3u);
  EXPECT_EQ(config.kms_socket.max_calls_in_flight, 4u);
  EXPECT_THAT(config.admin_socket.allowed_uids, ElementsAre());
  EXPECT_EQ(config.local_kek.lifetime, absl::Milliseconds(2500));
  EXPECT_EQ(config.local_kek.max_uses, 5u);
  EXPECT_EQ(config.local_kek.cached, 6u);
  EXPECT_EQ(config.watch.interval, absl::Milliseconds(100));
  EXPECT_EQ(config.watch.confirm_interval, absl::Milliseconds(110));
  EXPECT_EQ(config.watch.activation_delay, absl::Milliseconds(120));
  EXPECT_EQ(config.watch.probe_interval, absl::Milliseconds(130));
  EXPECT_EQ(config.watch.move_delay, absl::Milliseconds(140));
  EXPECT_EQ(config.active_from, absl::FromUnixSeconds(1740794400));
  EXPECT_EQ(config.active_before, "one");
  EXPECT_EQ(config.mode, KeyMode::kDirect);
  EXPECT_EQ(config.offline_limit, absl::Milliseconds(700));
  EXPECT_FALSE(config.decrypt_past_offline_limit);
  EXPECT_EQ(config.denied_grace, absl::ZeroDuration());
  EXPECT_THAT(config.redundancy.also_wrap_with, ElementsAre("one", "two"));
  EXPECT_TRUE(config.redundancy.allow_degraded_start);
  EXPECT_EQ(config.redundancy.on_revoked, OnRevoked::kFallback);
  EXPECT_TRUE(config.allow_remote_rotation);
  EXPECT_EQ(config.shutdown_grace, absl::Minutes(2));
  EXPECT_EQ(config.memory_lock, MemoryLock::kRequired);
  EXPECT_EQ(config.log_level, LogLevel::kWarning);
  EXPECT_EQ(config.log_format, LogFormat::kJson);
}

TEST(ConfigLoaderTest, ReadsOwnerGroupAndModeOfThePathSocket) {
  ASSERT_OK_AND_ASSIGN(
      const Config config,
      LoadConfigText("f",
                     absl::StrReplaceAll(kMinimal, {{"  path: /run/signet/kms.sock\n",
                                                     "  path: /run/signet/kms.sock\n"
                                                     "  mode: \"0660\"\n  owner: kube\n  group: 2000\n"}})));
  EXPECT_EQ(config.kms_socket.mode, mode_t{0660});
  EXPECT_EQ(config.kms_socket.owner, "kube");
  EXPECT_EQ(config.kms_socket.group, "2000");
}

TEST(ConfigLoaderTest, TellsAllProblemsAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(Problems(R"(cluster_id: "has blanks"
state_directory: relative
active: second
providers:
  - name: primary
    local:
      keyrnig: /etc/signet/keyring
kms_socket:
  path: /run/signet/kms.sock
  max_connections: "64"
  mode: 0777
log: {level: loud}
shutdown_grace: 10
)"),
            "f:1:1: admin_socket.path: is missing: an absolute path of at most 107 bytes of "
            "[A-Za-z0-9/._+=,:~-], as it is part of a URL\n"
            "f:1:13: cluster_id: must be 1 to 64 of [A-Za-z0-9._-], not \"has blanks\"\n"
            "f:2:18: state_directory: must be an absolute path without '.' and '..' parts and without '/' at "
            "its end, not \"relative\"\n"
            "f:3:1: active: must be the name of a provider: primary\n"
            "f:6:5: providers[0].local.keyring: is missing: an absolute path without '.' and '..' parts and "
            "without '/' at its end\n"
            "f:7:7: providers[0].local.keyrnig: unknown setting; did you mean keyring?\n"
            "f:10:20: kms_socket.max_connections: must be a whole number from 1 to 4096, without quotes\n"
            "f:11:9: kms_socket.mode: must be octal access bits from 0600 to 0666, such as 0660, not "
            "\"0777\"\n"
            "f:12:14: log.level: must be one of debug, info, warning, error, not \"loud\"\n"
            "f:13:17: shutdown_grace: must be a duration such as 250ms, 150s, 12h or 30d, from 0s to 5m, not "
            "\"10\"");
}

TEST(ConfigLoaderTest, RefusesAnUnknownSettingAndListsTheKnownOnes) {
  EXPECT_EQ(Problems(Minimal("log: {volume: 3}\n")),
            "f:12:7: log.volume: unknown setting; known here: format, level");
}

TEST(ConfigLoaderTest, NeverRepeatsWhatCouldBeASecret) {
  const std::string problems = Problems(absl::StrReplaceAll(
      kMinimal, {{"keyring: /etc/signet/keyring",
                  "keyring: /k\n      passphrase_file: hunter2\n      passphrase: hunter3\n"
                  "      passphrase_credential: hun/ter4"}}));
  EXPECT_THAT(problems, AllOf(HasSubstr("f:8:24: providers[0].local.passphrase_file: must be"),
                              HasSubstr("f:9:7: providers[0].local.passphrase: unknown setting"),
                              HasSubstr("Secrets never stand in this file"), Not(HasSubstr("hunter")),
                              Not(HasSubstr("hun/ter"))));
}

TEST(ConfigLoaderTest, RefusesWrongTypes) {
  EXPECT_THAT(Problems(Minimal("log: text\n")), StartsWith("f:12:1: log: must be a section"));
  EXPECT_THAT(Problems(Minimal("shutdown_grace: [10s]\n")), EndsWith("to 5m, not a list"));
  EXPECT_THAT(Problems(Minimal("shutdown_grace: {s: 10}\n")), EndsWith("to 5m, not a section"));
  EXPECT_THAT(Problems(Minimal("previous_cluster_ids: old\n")),
              Eq("f:12:1: previous_cluster_ids: must be a list: [1 to 64 of [A-Za-z0-9._-], …]"));
  EXPECT_THAT(Problems(Minimal("previous_cluster_ids: [[old]]\n")),
              StartsWith("f:12:24: previous_cluster_ids[0]: must be 1 to 64"));
  EXPECT_THAT(LoadConfigText("f", Minimal("log: {level: \"info\", format: 'json'}\n")), IsOk());
  EXPECT_THAT(Problems("[]"), Eq("f:1:1: must be a section: lines of 'name: value', indented alike"));
  EXPECT_THAT(Problems("text"), StartsWith("f:1:1: must be a section"));
}

TEST(ConfigLoaderTest, RefusesASettingWithoutAValue) {
  for (const char* nothing : {"", " ~", " null"}) {
    EXPECT_EQ(Problems(Minimal(absl::StrCat("shutdown_grace:", nothing, "\n"))),
              "f:12:1: shutdown_grace: has no value: give one, or remove the line for the default");
  }
}

TEST(ConfigLoaderTest, RefusesDuplicateSettings) {
  EXPECT_EQ(Problems(Minimal("active: primary\n")),
            "f:12:1: duplicate key \"active\", first in line 3: keep one");
}

TEST(ConfigLoaderTest, RefusesToProduceAKeyIdOutOfBounds) {
  EXPECT_THAT(LoadConfigText("f", Minimal("key_id_generation: 99999\n")), IsOk());
  EXPECT_THAT(Problems(Minimal("key_id_generation: 100000\n")),
              HasSubstr("f:12:20: key_id_generation: must be a whole number from 0 to 99999"));
  EXPECT_THAT(Problems(Minimal("key_id_generation: -1\n")), HasSubstr("from 0 to 99999"));
}

TEST(ConfigLoaderTest, RefusesInvalidUtf8Anywhere) {
  EXPECT_EQ(Problems(Minimal("# caf\xe9\n")), "f:12:6: not valid UTF-8");
}

TEST(ConfigLoaderTest, LimitsTheSize) {
  const std::string padding(size_t{64} * 1024, '#');
  EXPECT_THAT(LoadConfigText("f", Minimal(padding.substr(std::string(kMinimal).size()))), IsOk());
  EXPECT_EQ(Problems(Minimal(padding)), "f:1:1: longer than 65536 bytes");
}

TEST(ConfigLoaderTest, ReportsAnEmptyFile) {
  EXPECT_EQ(Problems(""), "f:1:1: no settings: the file is empty");
  EXPECT_EQ(Problems("# nothing\n"), "f:1:1: no settings: the file is empty");
}

TEST(ConfigLoaderTest, StopsAtAHundredProblems) {
  std::string text(kMinimal);
  for (int i = 0; i < 150; ++i) absl::StrAppend(&text, "unknown_", i, ": 1\n");
  EXPECT_THAT(Problems(text), EndsWith("\nf: more than 100 problems"));
}

TEST(ConfigLoaderTest, RequiresAProviderType) {
  EXPECT_EQ(
      Problems(absl::StrReplaceAll(kMinimal, {{"    local:\n      keyring: /etc/signet/keyring\n", ""}})),
      "f:5:5: providers[0].local: is missing: the section of the provider's type, local, vault or alibaba");
}

TEST(ConfigLoaderTest, RequiresAProvider) {
  const size_t start = std::string(kMinimal).find("providers");
  const size_t end = std::string(kMinimal).find("kms_socket");
  std::string text(kMinimal);
  EXPECT_THAT(Problems(text.replace(start, end - start, "")), HasSubstr("providers: is missing"));
  text = kMinimal;
  EXPECT_THAT(Problems(text.replace(start, end - start, "providers: []\n")),
              HasSubstr("f:4:1: providers: must have at least one item"));
}

class ConfigFileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_;
  }

  testing::TempDir dir_;
  const std::string path_ = dir_.File("signetd.yaml");
};

TEST_F(ConfigFileTest, NamesTheFileInEveryProblem) {
  const absl::StatusOr<Config> config = LoadConfigFile(Write(Minimal("a: 1\nb: 2\n")));
  EXPECT_THAT(config,
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(StartsWith(path_ + ":12:1: a: "), HasSubstr("\n" + path_ + ":13:1: b: "))));
}

TEST_F(ConfigFileTest, FollowsALink) {
  Write(kMinimal);
  const std::string link = dir_.File("link");
  ASSERT_EQ(::symlink(path_.c_str(), link.c_str()), 0);
  EXPECT_THAT(LoadConfigFile(link), IsOk());
}

TEST_F(ConfigFileTest, RefusesAFileThatEverybodyMayWrite) {
  Write(kMinimal);
  ASSERT_EQ(::chmod(path_.c_str(), 0646), 0);
  EXPECT_THAT(LoadConfigFile(path_), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod o-w")));
}

TEST_F(ConfigFileTest, RefusesWhatIsNoRegularFile) {
  EXPECT_THAT(LoadConfigFile(dir_.path()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("regular")));
  const std::string pipe = dir_.File("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(LoadConfigFile(pipe), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("regular")));
}

TEST_F(ConfigFileTest, TellsAMissingFileFromABadOne) {
  EXPECT_THAT(LoadConfigFile(path_), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
}

TEST_F(ConfigFileTest, RefusesALongFile) {
  EXPECT_THAT(LoadConfigFile(Write(std::string(70000, '#'))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("longer than 65536 bytes")));
}

}  // namespace
}  // namespace signet

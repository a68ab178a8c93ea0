// One life of a node from init to core dump, in good days and bad ones: nothing that it prints, logs, stores,
// answers or shows in /proc holds a seed, a key, or a passphrase. Planted secrets prove in the same run that
// each would be found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "crypto/record.h"
#include "kms_client/local/keyring_file.h"
#include "kms_client/local/local_kms_client.h"
#include "tests/testing/evidence.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/process.h"
#include "tests/testing/process_memory.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::Evidence;
using ::signet::testing::KmsCaller;
using ::signet::testing::MemoryHolds;
using ::signet::testing::PollUntil;
using ::signet::testing::Process;
using ::signet::testing::ProcessResult;
using ::signet::testing::ProgramPath;
using ::signet::testing::ReadWholeFile;
using ::signet::testing::RunProcess;
using ::signet::testing::SameUserMayDump;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// No words: programs print those by themselves.
constexpr char kPassphrase[] = "qV7-mZx0-Lk9p-tR3w-Yd5s-Hn2c-Bf8g";
constexpr char kCopyPassphrase[] = "Wj6-uXe1-Pa4z-Go7k-Mt0v-Sr9b-Ci3d";
constexpr char kWrongPassphrase[] = "Fy2-dKq8-Nw5h-Ev1x-Jz6m-Ub4t-Ol7r";
constexpr int kSeeds = 8;

// Always the same 32 bytes, and like no others; every second one is printable.
std::string Seed(int number) {
  std::mt19937 random(static_cast<uint32_t>(number));
  std::string seed(32, '\0');
  for (char& byte : seed) byte = static_cast<char>(number % 2 == 0 ? '!' + random() % 94 : random());
  return seed;
}

std::string AsText(absl::Span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void WriteFile(const std::string& path, const std::string& bytes, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

// A secret in every shape that the search knows, base64 in each of its three positions.
std::map<std::string, std::string> InEveryShape(const std::string& secret) {
  std::map<std::string, std::string> shapes;
  const std::string hex = absl::BytesToHexString(secret);
  shapes["raw"] = secret;
  shapes["hex"] = hex;
  shapes["HEX"] = absl::AsciiStrToUpper(hex);
  for (const size_t before : {0u, 1u, 2u}) {
    const std::string around = absl::StrCat(std::string(before, '\xfb'), secret, "\xff");
    shapes[absl::StrCat("base64 ", before)] = absl::Base64Escape(around);
    absl::WebSafeBase64Escape(around, &shapes[absl::StrCat("base64url ", before)]);
  }
  shapes["octal escapes"] = absl::CEscape(secret);
  return shapes;
}

class SecretsStayInsideTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name) { return temp_.File(name); }
  std::string Node(const std::string& name) { return temp_.File("node/" + name); }

  // Runs a program to its end; what it printed is evidence. Returns its exit code.
  int Run(const std::string& program, std::vector<std::string> arguments, const std::string& input = "") {
    const std::string name = absl::StrCat(program, " ", absl::StrJoin(arguments, " "));
    arguments.insert(arguments.begin(), ProgramPath(program));
    const ProcessResult result = RunProcess({std::move(arguments), {}, input});
    evidence_.AddText(name, result.output);
    evidence_.AddText(name + " (errors)", result.errors);
    return result.exit_code;
  }
  int Ctl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(), {"--config", Node("signetd.yaml")});
    return Run("signetctl", std::move(arguments), input);
  }

  // A signetd that has no capabilities where it could have them, so that nothing else protects its memory
  // from its own user, and that may leave core dumps in `dumps`.
  std::vector<std::string> Behind(std::vector<std::string> command) const {
    std::vector<std::string> words;
    if (::geteuid() == 0) words = {"/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"};
    words.insert(words.end(),
                 {"/bin/sh", "-c", "cd \"$0\" && { ulimit -c unlimited; exec \"$@\"; }", dumps_});
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  void StartDaemon() {
    daemon_ = std::make_unique<Process>(
        testing::ProcessOptions{Behind({ProgramPath("signetd"), "--config", Node("signetd.yaml")}), {}, {}});
    KmsCaller caller(Node("kms.sock"), std::chrono::milliseconds(200));
    ASSERT_TRUE(PollUntil([&] { return caller.Status().ok() || !daemon_->Running(); }));
    ASSERT_TRUE(daemon_->Running()) << daemon_->Errors();
    evidence_.AddProcess("signetd", daemon_->pid());
  }
  // By a signal; what it logged is evidence. Returns its exit code.
  int EndDaemon(int signal) {
    evidence_.AddProcess("signetd", daemon_->pid());
    daemon_->Signal(signal);
    const int code = daemon_->Wait();
    evidence_.AddText("signetd's log", daemon_->Output() + daemon_->Errors());
    daemon_.reset();
    return code;
  }

  void RememberKeys() {
    kms::KeyringFile file(Node("keyring"), Seal(), PosixDurableFiles(), crypto::SystemRandom());
    ASSERT_OK_AND_ASSIGN(const kms::Keyring keyring, file.Load());
    for (const kms::KeyringVersion& version : keyring.versions()) {
      if (version.key.Expose().empty()) continue;
      secrets_[absl::StrCat("keyring key ", version.number)] = AsText(version.key.Expose());
    }
  }
  void RememberLocalKek(const v2::EncryptResponse& encrypted) {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<kms::KmsClient> client,
                         kms::MakeLocalKmsClient({Node("keyring"), Seal()}, SystemClock(),
                                                 crypto::SystemRandom(), PosixDurableFiles()));
    ASSERT_OK_AND_ASSIGN(const crypto::Record record,
                         crypto::ParseRecord(encrypted.annotations().begin()->second));
    ASSERT_OK_AND_ASSIGN(
        const kms::UnwrapResult unwrapped,
        client->Unwrap({}, record.entries[0].backend_field, record.entries[0].blob, {"whole-run"}));
    secrets_[absl::StrCat("local KEK of ", encrypted.key_id())] = AsText(unwrapped.plaintext.Expose());
  }
  kms::SealSource Seal() { return kms::SealSource::PassphraseFile(File("passphrase")); }

  // Calls of all kinds, good and bad; every answer's text is evidence.
  void Serve() {
    KmsCaller caller(Node("kms.sock"));
    for (int i = 0; i < kSeeds; ++i) {
      ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt(Seed(i)));
      EXPECT_EQ(caller.Decrypt(encrypted).value_or("?"), Seed(i));
      evidence_.AddText("an answer", encrypted.SerializeAsString());
      v2::DecryptRequest forged = testing::DecryptRequestFor(encrypted);
      forged.mutable_ciphertext()->back() ^= 1;
      AddRefusal(caller.Decrypt(forged).status());
      forged.set_ciphertext(Seed(i));
      AddRefusal(caller.Decrypt(forged).status());
      forged = testing::DecryptRequestFor(encrypted);
      (*forged.mutable_annotations())["kek.signet.internal"] = Seed(i);
      AddRefusal(caller.Decrypt(forged).status());
      AddRefusal(caller.Encrypt(Seed(i) + std::string(2000, 'x')).status());
      AddRefusal(caller.Encrypt(Seed(i), "").status());
      handed_out_.push_back(encrypted);
    }
    RememberLocalKek(handed_out_.back());
  }
  void AddRefusal(const absl::Status& status) {
    EXPECT_FALSE(status.ok());
    evidence_.AddText("an error's text", std::string(status.message()));
  }

  void AskEverything() {
    for (const char* verb : {"health", "status", "selftest", "encryption-config"}) {
      EXPECT_EQ(Ctl({verb}), 0) << verb;
      EXPECT_EQ(Ctl({verb, "-o", "json"}), 0) << verb;
    }
    EXPECT_EQ(Ctl({"keyring", "list"}), 0);
    EXPECT_EQ(Ctl({"keyring", "list", "-o", "json"}), 0);
    EXPECT_EQ(Ctl({"keyring", "verify"}), 0);
    EXPECT_EQ(Run("signetctl", {"explain"}, handed_out_.back().annotations().begin()->second), 0);
    EXPECT_EQ(Run("signetctl", {"explain", "-o", "json"}, handed_out_.back().ciphertext()), 0);
    for (int i = 0; i < kSeeds; ++i) {
      Run("signetctl", {"explain"}, Seed(i));
      Run("signetctl", {"explain"}, absl::Base64Escape(Seed(i)));
    }
  }

  void BadConfigurations() {
    const std::string good = ReadWholeFile(Node("signetd.yaml"));
    const std::string quoted = absl::StrCat("'", kPassphrase, "'");
    const std::vector<std::string> bad = {
        absl::StrReplaceAll(good, {{absl::StrCat("'", File("passphrase"), "'"), quoted}}),
        absl::StrCat(good, "passphrase: ", quoted, "\n"),
        absl::StrCat(good, "passphrase: \"", kPassphrase, "\n"),
        absl::StrReplaceAll(good, {{"passphrase_file:", "passphrase:"},
                                   {absl::StrCat("'", File("passphrase"), "'"), quoted}}),
        absl::StrReplaceAll(
            good, {{"passphrase_file:", "passphrase_credential:"},
                   {absl::StrCat("'", File("passphrase"), "'"), absl::StrCat("'", kPassphrase, "/'")}}),
        absl::StrReplaceAll(good,
                            {{absl::StrCat("'", File("passphrase"), "'"), absl::StrCat("[", quoted, "]")}}),
    };
    for (const std::string& text : bad) {
      WriteFile(File("bad.yaml"), text);
      EXPECT_EQ(Run("signetd", {"--check-config", File("bad.yaml")}), 2) << text;
      EXPECT_EQ(Run("signetd", {"--config", File("bad.yaml")}), 2);
      EXPECT_NE(Run("signetctl", {"status", "--config", File("bad.yaml")}), 0);
    }
    std::filesystem::remove(File("bad.yaml"));
  }

  void BadFiles() {
    const std::string keyring = ReadWholeFile(Node("keyring"));
    for (const std::string& text : {std::string(kWrongPassphrase), std::string("short"), std::string()}) {
      WriteFile(File("passphrase"), text);
      EXPECT_NE(Ctl({"keyring", "list"}), 0);
      EXPECT_NE(Run("signetd", {"--config", Node("signetd.yaml")}), 0);
    }
    WriteFile(File("passphrase"), kPassphrase, 0644);
    EXPECT_NE(Run("signetd", {"--config", Node("signetd.yaml")}), 0);
    WriteFile(File("passphrase"), kPassphrase);
    for (size_t at = 0; at < keyring.size(); at += 29) {
      std::string damaged = keyring;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      WriteFile(Node("keyring"), damaged);
      EXPECT_NE(Ctl({"keyring", "verify"}), 0) << at;
    }
    WriteFile(Node("keyring"), keyring.substr(0, keyring.size() / 2));
    EXPECT_NE(Run("signetd", {"--config", Node("signetd.yaml")}), 0);
    EXPECT_NE(Run("signetd", {"--config", File("passphrase")}), 0);
    EXPECT_NE(Run("signetctl", {"keyring", "list", "--keyring", File("passphrase")}), 0);
    WriteFile(Node("keyring"), keyring);
    for (const auto& file : std::filesystem::directory_iterator(Node("state"))) {
      if (file.file_size() > 0) std::filesystem::resize_file(file.path(), file.file_size() / 2);
    }
  }

  void TryToDump() {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS}) {
      StartDaemon();
      EXPECT_FALSE(SameUserMayDump(daemon_->pid()));
      EXPECT_EQ(EndDaemon(signal), 128 + signal);
    }
    EXPECT_TRUE(std::filesystem::is_empty(dumps_));
  }

  // A process that guards nothing, behind the same words as signetd, with a secret in arguments and
  // environment.
  void PlantIn(Evidence& evidence, const std::string& secret) {
    for (const auto& [shape, text] : InEveryShape(secret)) {
      evidence.AddText("text " + shape, absl::StrCat("before ", text, " after"));
      WriteFile(File("planted"), text);
    }
    Process careless({Behind({"/usr/bin/tail", "-f", "/dev/null", absl::BytesToHexString(secret)}),
                      {"PLANTED=" + absl::Base64Escape(secret)},
                      {}});
    const std::string arguments = absl::StrCat("/proc/", careless.pid(), "/cmdline");
    ASSERT_TRUE(PollUntil([&] { return absl::StartsWith(ReadWholeFile(arguments), "/usr/bin/tail"); }));
    evidence.AddProcess("careless", careless.pid());
    may_dump_others_ = SameUserMayDump(careless.pid());
    const std::string limits = ReadWholeFile(absl::StrCat("/proc/", careless.pid(), "/limits"));
    careless.Signal(SIGABRT);
    careless.Wait();
    const std::string pattern = ReadWholeFile("/proc/sys/kernel/core_pattern");
    // A core dump is only ours to look at where it is a file in the folder of the process.
    leaves_dumps_ = !absl::StrContains(pattern, '/') && !absl::StrContains(pattern, '|') &&
                    absl::StrContains(limits, "Max core file size        unlimited");
    evidence.AddTree(temp_.path());
  }

  testing::TempDir temp_;
  const std::string dumps_ = temp_.File("dumps");
  Evidence evidence_;
  std::map<std::string, std::string> secrets_;
  std::vector<v2::EncryptResponse> handed_out_;
  std::unique_ptr<Process> daemon_;
  bool may_dump_others_ = false;
  bool leaves_dumps_ = false;
};

TEST_F(SecretsStayInsideTest, ThroughAWholeLife) {
  ASSERT_EQ(::mkdir(dumps_.c_str(), 0700), 0);
  secrets_ = {
      {"passphrase", kPassphrase}, {"copy's passphrase", kCopyPassphrase}, {"typo", kWrongPassphrase}};
  for (int i = 0; i < kSeeds; ++i) secrets_[absl::StrCat("seed ", i)] = Seed(i);
  WriteFile(File("passphrase"), kPassphrase);
  WriteFile(File("copy-passphrase"), kCopyPassphrase);

  ASSERT_EQ(Run("signetctl", {"init", "--dir", File("node"), "--cluster-id", "whole-run", "--passphrase-file",
                              File("passphrase")}),
            0);
  const std::string config = ReadWholeFile(Node("signetd.yaml"));
  WriteFile(Node("signetd.yaml"), config + "log:\n  level: debug\n");
  EXPECT_EQ(Run("signetd", {"--check-config", Node("signetd.yaml")}), 0);
  RememberKeys();
  ASSERT_NO_FATAL_FAILURE(StartDaemon());
  ASSERT_NO_FATAL_FAILURE(Serve());
  AskEverything();
  // These are the secrets that the daemon really holds.
  if (::geteuid() == 0) {
    EXPECT_TRUE(MemoryHolds(daemon_->pid(), secrets_["keyring key 1"]));
    EXPECT_FALSE(MemoryHolds(daemon_->pid(), kWrongPassphrase));
  }

  EXPECT_EQ(Ctl({"keyring", "add", "--activate"}), 0);
  EXPECT_EQ(
      Ctl({"keyring", "export", "--sealed", File("copy"), "--copy-passphrase-file", File("copy-passphrase")}),
      0);
  EXPECT_EQ(Ctl({"keyring", "import", File("copy"), "--copy-passphrase-file", File("copy-passphrase")}), 0);
  EXPECT_NE(Ctl({"keyring", "import", File("copy"), "--copy-passphrase-file", File("passphrase")}), 0);
  RememberKeys();
  EXPECT_EQ(EndDaemon(SIGTERM), 0);
  evidence_.AddTree(temp_.path(), {File("passphrase"), File("copy-passphrase")});

  WriteFile(Node("signetd.yaml"), config + "log:\n  level: debug\n  format: json\n");
  ASSERT_NO_FATAL_FAILURE(StartDaemon());
  ASSERT_NO_FATAL_FAILURE(Serve());
  AskEverything();
  EXPECT_EQ(EndDaemon(SIGKILL), 128 + SIGKILL);
  BadConfigurations();
  BadFiles();
  TryToDump();
  EXPECT_EQ(Ctl({"keyring", "destroy", "1", "--yes"}), 0);
  evidence_.AddTree(temp_.path(), {File("passphrase"), File("copy-passphrase")});

  ASSERT_EQ(secrets_.count("keyring key 2"), 1u);
  EXPECT_GE(secrets_.size(), 3u + kSeeds + 2u + 2u);
  EXPECT_GE(evidence_.bytes(), 50000u);
  EXPECT_THAT(evidence_.Find(secrets_), ElementsAre());

  // The control: the same search finds a planted secret in every shape and every place.
  const std::string planted = Seed(101);
  ASSERT_NO_FATAL_FAILURE(PlantIn(evidence_, planted));
  const std::vector<std::string> found = evidence_.Find({{"plant", planted}});
  for (const auto& [shape, text] : InEveryShape(planted)) {
    EXPECT_THAT(found, Contains(HasSubstr(absl::StrCat("text ", shape, ": plant as ")))) << shape;
  }
  EXPECT_THAT(found, Contains(HasSubstr("careless cmdline: plant as hex")));
  EXPECT_THAT(found, Contains(HasSubstr("careless environ: plant as base64")));
  EXPECT_THAT(found, Contains(HasSubstr(File("planted") + ": plant as ")));
  // Where the system lets anyone dump, the careless process was dumped and signetd was not.
  EXPECT_TRUE(may_dump_others_ || ::access("/proc/sys/kernel/yama/ptrace_scope", F_OK) == 0);
  if (leaves_dumps_) {
    EXPECT_THAT(found, Contains(HasSubstr(dumps_ + "/core")));
  }
}

}  // namespace
}  // namespace signet

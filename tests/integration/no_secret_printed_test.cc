// Everything the programs print, in good days and bad ones, holds no key, no passphrase and no plaintext.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/local/keyring_file.h"
#include "tests/testing/daemon.h"
#include "tests/testing/kms_caller.h"
#include "tests/testing/paths.h"
#include "tests/testing/process.h"
#include "tests/testing/secret_search.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::ContainsSecret;
using ::signet::testing::DaemonHome;
using ::signet::testing::DaemonProcess;
using ::signet::testing::IsOk;
using ::signet::testing::KmsCaller;
using ::signet::testing::ProcessResult;
using ::signet::testing::ProgramPath;
using ::signet::testing::RunProcess;

constexpr char kPlaintext[] = "plaintext-of-an-object-0123456789";
constexpr char kPassphrase[] = "passphrase-of-the-copy-0123456789";

std::string ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
}

class NoSecretPrintedTest : public ::testing::Test {
 protected:
  // Runs a program and keeps what it printed; returns its exit code.
  int Run(const std::string& program, std::vector<std::string> arguments, const std::string& input = "") {
    const std::string name = absl::StrCat(program, " ", absl::StrJoin(arguments, " "));
    arguments.insert(arguments.begin(), ProgramPath(program));
    const ProcessResult result = RunProcess({std::move(arguments), {}, input});
    printed_.emplace_back(name, result.output + result.errors);
    return result.exit_code;
  }
  int Keyring(const std::string& verb, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"keyring", verb, "--keyring", home_.keyring()});
    return Run("signetctl", std::move(arguments));
  }

  // Call before a key is destroyed.
  void RememberKeys() {
    kms::KeyringFile file(home_.keyring(), kms::SealSource(), PosixDurableFiles(), crypto::SystemRandom());
    ASSERT_OK_AND_ASSIGN(const kms::Keyring keyring, file.Load());
    for (const kms::KeyringVersion& version : keyring.versions()) {
      const auto key = version.key.Expose();
      if (!key.empty()) secrets_.emplace_back(reinterpret_cast<const char*>(key.data()), key.size());
    }
  }

  void ExpectNothingSecretPrinted() {
    ASSERT_FALSE(secrets_.empty());
    secrets_.insert(secrets_.end(), {kPlaintext, kPassphrase});
    size_t bytes = 0;
    for (const auto& [name, text] : printed_) {
      bytes += text.size();
      for (const std::string& secret : secrets_) EXPECT_FALSE(ContainsSecret(text, secret)) << name;
    }
    EXPECT_GE(bytes, 500u);
  }

  DaemonHome home_;
  std::vector<std::pair<std::string, std::string>> printed_;
  std::vector<std::string> secrets_;
};

TEST_F(NoSecretPrintedTest, WhileAllGoesWell) {
  home_.Configure("log:\n  level: debug\n");
  const std::string passphrase = home_.path() + "/passphrase";
  const std::string copy = home_.path() + "/copy";
  WriteFile(passphrase, kPassphrase);
  EXPECT_EQ(Keyring("add", {"--activate"}), 0);
  EXPECT_EQ(Keyring("add"), 0);
  RememberKeys();
  {
    DaemonProcess daemon(home_);
    ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
    KmsCaller caller(home_.kms_socket());
    ASSERT_OK_AND_ASSIGN(const v2::EncryptResponse encrypted, caller.Encrypt(kPlaintext));
    EXPECT_THAT(caller.Decrypt(encrypted), IsOk());
    v2::EncryptResponse broken = encrypted;
    broken.mutable_ciphertext()->back() ^= 1;
    EXPECT_FALSE(caller.Decrypt(broken).ok());
    for (const char* verb : {"health", "status", "selftest", "encryption-config"}) {
      EXPECT_EQ(Run("signetctl", {verb, "--config", home_.config()}), 0) << verb;
      Run("signetctl", {verb, "--config", home_.config(), "-o", "json"});
    }
    EXPECT_EQ(Run("signetctl", {"explain"}, encrypted.annotations().begin()->second), 0);
    EXPECT_EQ(daemon.Stop(), 0);
    printed_.emplace_back("signetd", daemon.Logs());
  }
  EXPECT_EQ(Keyring("list"), 0);
  EXPECT_EQ(Keyring("list", {"-o", "json"}), 0);
  EXPECT_EQ(Keyring("verify"), 0);
  EXPECT_EQ(Keyring("disable", {"1"}), 0);
  EXPECT_EQ(Keyring("enable", {"1"}), 0);
  EXPECT_EQ(Keyring("export", {"--sealed", copy, "--copy-passphrase-file", passphrase}), 0);
  EXPECT_EQ(Keyring("import", {copy, "--copy-passphrase-file", passphrase}), 0);
  EXPECT_EQ(Keyring("destroy", {"1", "--yes"}), 0);
  ExpectNothingSecretPrinted();
}

TEST_F(NoSecretPrintedTest, WhenTheKeyringIsDamaged) {
  RememberKeys();
  const std::string good = ReadFile(home_.keyring());
  for (size_t size = 0; size < good.size(); size += 7) {
    WriteFile(home_.keyring(), good.substr(0, size));
    EXPECT_NE(Keyring("list"), 0);
    std::string edited = good;
    edited[size] = static_cast<char>(edited[size] ^ 0x55);
    WriteFile(home_.keyring(), edited);
    EXPECT_NE(Keyring("verify"), 0);
    EXPECT_NE(Run("signetd", {"--config", home_.config()}), 0);
  }
  ExpectNothingSecretPrinted();
}

TEST_F(NoSecretPrintedTest, WhenAKeyringIsGivenAsSomethingElse) {
  RememberKeys();
  const std::string passphrase = home_.path() + "/passphrase";
  WriteFile(passphrase, kPassphrase);
  const std::string keyring = home_.keyring();
  EXPECT_NE(Run("signetd", {"--config", keyring}), 0);
  EXPECT_NE(Run("signetd", {"--config", keyring, "--check-config"}), 0);
  EXPECT_NE(Run("signetctl", {"status", "--config", keyring}), 0);
  EXPECT_NE(Run("signetctl", {"encryption-config", "--config", keyring}), 0);
  EXPECT_NE(Run("signetctl", {"keyring", "list", "--config", keyring}), 0);
  EXPECT_NE(Run("signetctl", {"explain"}, ReadFile(keyring)), 0);
  EXPECT_NE(Run("signetctl", {"explain"}, absl::Base64Escape(ReadFile(keyring))), 0);
  EXPECT_NE(Keyring("import", {keyring, "--copy-passphrase-file", passphrase}), 0);
  EXPECT_NE(Keyring("list", {"--passphrase-file", passphrase}), 0);
  EXPECT_NE(Run("signetctl", {"keyring", "list", "--keyring", passphrase}), 0);
  // Nor the passphrase as a configuration.
  EXPECT_NE(Run("signetd", {"--config", passphrase}), 0);
  ExpectNothingSecretPrinted();
}

TEST_F(NoSecretPrintedTest, AndASecretWouldBeFound) {
  RememberKeys();
  ASSERT_FALSE(secrets_.empty());
  EXPECT_TRUE(ContainsSecret(ReadFile(home_.keyring()), secrets_[0]));
  EXPECT_TRUE(ContainsSecret(absl::Base64Escape(ReadFile(home_.keyring())), secrets_[0]));
}

}  // namespace
}  // namespace signet

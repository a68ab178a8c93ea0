// The hand-over of a keyring version to three nodes, as an operator does it with the built signetctl, while a
// client of each node's keyring runs on the real clock. Each reads what each wrote at every step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/local/local_kms_client.h"
#include "tests/testing/paths.h"
#include "tests/testing/poll.h"
#include "tests/testing/process.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::PollUntil;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

class KeyringHandOverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(dir_.File("passphrase")) << "correct horse battery\n";
    ASSERT_EQ(::chmod(dir_.File("passphrase").c_str(), 0600), 0);
  }
  // signetctl keyring ARGUMENTS on one node; returns what it printed.
  std::string Keyring(const std::string& node, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {testing::ProgramPath("signetctl"), "keyring", "--keyring", dir_.File(node)});
    const testing::ProcessResult result = testing::RunProcess({arguments});
    EXPECT_EQ(result.exit_code, 0) << arguments[4] << " on " << node << ": " << result.errors;
    return result.output;
  }
  void ExportFromA(const std::string& copy) {
    Keyring("a", {"export", "--sealed", dir_.File(copy), "--copy-passphrase-file", dir_.File("passphrase")});
  }
  std::string Import(const std::string& node, const std::string& copy) {
    return Keyring(node, {"import", dir_.File(copy), "--copy-passphrase-file", dir_.File("passphrase")});
  }
  void Start(const std::string& node) {
    ASSERT_OK_AND_ASSIGN(clients_[node],
                         kms::MakeLocalKmsClient({dir_.File(node), kms::SealSource()}, SystemClock(),
                                                 crypto::SystemRandom(), PosixDurableFiles()));
  }
  std::map<std::string, std::string> Announced() {
    std::map<std::string, std::string> announced;
    for (auto& [node, client] : clients_) {
      const absl::StatusOr<kms::KeyDescription> description = client->Describe({});
      EXPECT_THAT(description, IsOk());
      if (description.ok()) announced[node] = description->current.label;
    }
    return announced;
  }
  // Every node wraps, and unwraps all that was ever wrapped.
  void ExpectAllReadAll() {
    const crypto::SecretBytes plaintext = crypto::SecretBytes::CopyOf(std::string(32, 'k')).value();
    for (auto& [node, client] : clients_) {
      absl::StatusOr<kms::WrapResult> wrapped = client->Wrap({}, plaintext, context_);
      ASSERT_THAT(wrapped, IsOk());
      stored_.push_back(*std::move(wrapped));
    }
    for (auto& [node, client] : clients_) {
      for (const kms::WrapResult& stored : stored_) {
        EXPECT_THAT(client->Unwrap({}, stored.backend_field, stored.blob, context_), IsOk())
            << node << " cannot read version " << stored.version.label;
      }
    }
  }

  testing::TempDir dir_;
  const kms::WrapContext context_{"hand-over"};
  std::map<std::string, std::unique_ptr<kms::KmsClient>> clients_;
  std::vector<kms::WrapResult> stored_;
};

TEST_F(KeyringHandOverTest, ThreeNodesSwitchTogether) {
  Keyring("a", {"init"});
  const absl::Time begun = absl::Now();
  ExportFromA("first");
  for (const char* const node : {"b", "c"}) Import(node, "first");
  const absl::Duration hand_over = absl::Now() - begun;
  for (const char* const node : {"a", "b", "c"}) Start(node);
  EXPECT_THAT(Announced(), AllOf(SizeIs(3), Each(Pair(::testing::_, "1"))));
  ExpectAllReadAll();

  // Far enough ahead for the next hand-over, which takes a second on an idle machine.
  const absl::Duration ahead = std::max(absl::Seconds(12), 10 * hand_over);
  const absl::Time at = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now() + ahead));
  EXPECT_EQ(Keyring("a", {"add", "--activate", "--at",
                          absl::FormatTime(absl::RFC3339_sec, at, absl::UTCTimeZone())}),
            "2\n");
  ExpectAllReadAll();
  ExportFromA("second");
  for (const char* const node : {"b", "c"}) {
    EXPECT_THAT(Import(node, "second"), HasSubstr("added, becomes active at"));
    ExpectAllReadAll();
  }

  EXPECT_TRUE(PollUntil(
      [this] {
        for (const auto& [node, label] : Announced()) {
          if (label != "2") return false;
        }
        return true;
      },
      absl::ToChronoSeconds(ahead + absl::Minutes(1))));
  ExpectAllReadAll();
  for (const char* const node : {"a", "b", "c"}) {
    EXPECT_THAT(Keyring(node, {"list", "-o", "json"}), HasSubstr("\"active\": 2"));
    Keyring(node, {"verify"});
    Start(node);
  }
  EXPECT_THAT(Announced(), AllOf(SizeIs(3), Each(Pair(::testing::_, "2"))));
  ExpectAllReadAll();
}

}  // namespace
}  // namespace signet

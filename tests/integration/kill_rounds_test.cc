// Twenty lives of one node, each ended by SIGKILL somewhere between start and the hundredth call: what any
// life handed out, the last one can read, and no key_id goes back.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
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
using ::signet::testing::KmsCaller;
using ::signet::testing::PollUntil;
using ::signet::testing::ProgramPath;
using ::signet::testing::RunProcess;

constexpr int kRounds = 20;
constexpr int kCallers = 3;
constexpr size_t kMostCalls = 100;

struct HandedOut {
  std::string plaintext;
  v2::EncryptResponse encrypted;
};

class KillRoundsTest : public ::testing::Test {
 protected:
  // Encrypts, and decrypts what there is, until the daemon dies.
  void CallUntilDeath(int caller_number) {
    // A call that waits for the dead is given up soon; one that is slow is simply made again.
    KmsCaller caller(home_.kms_socket(), std::chrono::milliseconds(500));
    for (size_t i = 0;; ++i) {
      const std::string plaintext = absl::StrCat("object ", caller_number, "/", i);
      const absl::StatusOr<v2::EncryptResponse> encrypted = caller.Encrypt(plaintext);
      if (encrypted.ok()) {
        MutexLock lock(mutex_);
        handed_out_.push_back({plaintext, *encrypted});
        ++calls_;
      } else if (dead()) {
        return;
      }
      const HandedOut sample = Sample(i);
      if (sample.plaintext.empty()) continue;
      const absl::StatusOr<std::string> plain = caller.Decrypt(sample.encrypted);
      EXPECT_EQ(plain.value_or(sample.plaintext), sample.plaintext);
    }
  }
  bool dead() {
    MutexLock lock(mutex_);
    return dead_;
  }
  HandedOut Sample(size_t i) {
    MutexLock lock(mutex_);
    return handed_out_.empty() ? HandedOut{} : handed_out_[i * 7919 % handed_out_.size()];
  }
  size_t calls() {
    MutexLock lock(mutex_);
    return calls_;
  }

  // One life, ended after `count` calls.
  void Round(size_t count) {
    {
      MutexLock lock(mutex_);
      calls_ = 0;
      dead_ = false;
    }
    DaemonProcess daemon(home_);
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) callers.emplace_back([this, i] { CallUntilDeath(i); });
    EXPECT_TRUE(PollUntil([&] { return calls() >= count || !daemon.Running(); }));
    EXPECT_TRUE(daemon.Running()) << daemon.Logs();
    daemon.Kill();
    {
      MutexLock lock(mutex_);
      dead_ = true;
    }
    for (std::thread& caller : callers) caller.join();
  }

  DaemonHome home_;
  Mutex mutex_;
  std::vector<HandedOut> handed_out_ ABSL_GUARDED_BY(mutex_);
  size_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  bool dead_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_F(KillRoundsTest, LoseNothing) {
  std::mt19937 random(20250101);
  for (int round = 0; round < kRounds; ++round) {
    // Every fourth dies while it starts.
    Round(round % 4 == 3 ? 0 : 1 + random() % kMostCalls);
    if (round != kRounds / 2) continue;
    const auto rotated = RunProcess(
        {{ProgramPath("signetctl"), "keyring", "add", "--activate", "--keyring", home_.keyring()}, {}, {}});
    ASSERT_EQ(rotated.exit_code, 0) << rotated.errors;
  }
  DaemonProcess daemon(home_);
  ASSERT_TRUE(daemon.WaitUntilReady()) << daemon.Logs();
  KmsCaller caller(home_.kms_socket());
  MutexLock lock(mutex_);
  ASSERT_GE(handed_out_.size(), static_cast<size_t>(kRounds / 2));
  std::vector<std::string> key_ids;
  for (const HandedOut& object : handed_out_) {
    EXPECT_EQ(caller.Decrypt(object.encrypted).value_or("lost"), object.plaintext);
    const std::string& key_id = object.encrypted.key_id();
    if (key_ids.empty() || key_ids.back() != key_id) key_ids.push_back(key_id);
  }
  // The old one, then the new one, and never the old one again.
  EXPECT_EQ(key_ids.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const v2::StatusResponse status, caller.Status());
  EXPECT_EQ(status.key_id(), key_ids.back());
}

}  // namespace
}  // namespace signet

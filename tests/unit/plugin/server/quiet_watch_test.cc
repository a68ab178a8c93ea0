#include "plugin/server/quiet_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace signet {
namespace {

class QuietWatchTest : public ::testing::Test {
 protected:
  ~QuietWatchTest() override {
    if (!poller_.joinable()) Poll();
    ledger_.WaitUntilUnposted();
    queue_.Shutdown();
    poller_.join();
  }
  // Begins a call and ends it before every event that comes, while `busy_`.
  void Poll() {
    poller_ = std::thread([this] {
      void* tag = nullptr;
      bool ok = false;
      while (queue_.Next(&tag, &ok)) {
        if (busy_) {
          ledger_.Begin();
          ledger_.End();
        }
        ++looks_;
        static_cast<CompletionTag*>(tag)->OnEvent(ok);
      }
    });
  }

  const Clock& clock_ = SystemClock();
  CallLedger ledger_{8, clock_};
  grpc::CompletionQueue queue_;
  QuietWatch watch_{queue_, ledger_, clock_};
  std::atomic<bool> busy_{false};
  std::atomic<int> looks_{0};
  std::thread poller_;
};

TEST_F(QuietWatchTest, IsQuietAfterFortyLooksWithoutACall) {
  Poll();
  EXPECT_TRUE(watch_.Wait(absl::InfiniteDuration()));
  EXPECT_EQ(looks_, 40);
}

TEST_F(QuietWatchTest, IsNotQuietWhileThePollingThreadDoesNotLook) {
  EXPECT_FALSE(watch_.Wait(clock_.Monotonic() + absl::Milliseconds(300)));
}

TEST_F(QuietWatchTest, GivesUpAfterTwoHundredLooksAtCallsWithoutAPause) {
  busy_ = true;
  Poll();
  EXPECT_FALSE(watch_.Wait(absl::InfiniteDuration()));
  EXPECT_EQ(looks_, 200);
}

TEST_F(QuietWatchTest, IsNotQuietWithACallInFlight) {
  ledger_.Begin();
  Poll();
  EXPECT_FALSE(watch_.Wait(absl::InfiniteDuration()));
  ledger_.End();
}

}  // namespace
}  // namespace signet

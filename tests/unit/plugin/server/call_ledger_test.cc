#include "plugin/server/call_ledger.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/testing/fake_clock.h"
#include "tests/testing/poll.h"

namespace signet {
namespace {

using ::signet::testing::FakeClock;
using ::signet::testing::PollUntil;

TEST(CallLedgerTest, AllowsAsManyAsTheBound) {
  FakeClock clock;
  CallLedger ledger(2, clock);
  EXPECT_TRUE(ledger.Begin());
  EXPECT_TRUE(ledger.Begin());
  EXPECT_FALSE(ledger.Begin());
  EXPECT_EQ(ledger.in_flight(), 3U);
  ledger.End();
  ledger.End();
  EXPECT_TRUE(ledger.Begin());
  EXPECT_EQ(ledger.total(), 4U);
}

TEST(CallLedgerTest, WaitsForTheLastCall) {
  FakeClock clock;
  CallLedger ledger(8, clock);
  ledger.Begin();
  bool idle = false;
  std::thread waiter([&] { idle = ledger.WaitUntilIdle(clock.Monotonic() + absl::Minutes(1)); });
  EXPECT_TRUE(PollUntil([&] { return clock.waiters() == 1; }));
  ledger.End();
  waiter.join();
  EXPECT_TRUE(idle);
}

TEST(CallLedgerTest, GivesUpAtTheDeadline) {
  FakeClock clock;
  CallLedger ledger(8, clock);
  ledger.Begin();
  bool idle = true;
  std::thread waiter([&] { idle = ledger.WaitUntilIdle(clock.Monotonic() + absl::Minutes(1)); });
  EXPECT_TRUE(PollUntil([&] { return clock.waiters() == 1; }));
  clock.Advance(absl::Minutes(1));
  waiter.join();
  EXPECT_FALSE(idle);
}

TEST(CallLedgerTest, IsIdleWithoutCalls) {
  FakeClock clock;
  CallLedger ledger(8, clock);
  EXPECT_TRUE(ledger.WaitUntilIdle(clock.Monotonic()));
  ledger.WaitUntilUnposted();
}

}  // namespace
}  // namespace signet

#include "base/cancellation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/testing/poll.h"

namespace signet {
namespace {

TEST(CancellationTokenTest, IsNotCancelledAtFirst) { EXPECT_FALSE(CancellationToken().cancelled()); }

TEST(CancellationTokenTest, RunsEveryCallbackOnCancel) {
  CancellationToken token;
  int first = 0;
  int second = 0;
  token.OnCancel([&] { ++first; });
  token.OnCancel([&] { ++second; });
  token.Cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(CancellationTokenTest, RunsACallbackOnlyOnceHoweverOftenItIsCancelled) {
  CancellationToken token;
  int runs = 0;
  token.OnCancel([&] { ++runs; });
  token.Cancel();
  token.Cancel();
  EXPECT_EQ(runs, 1);
}

TEST(CancellationTokenTest, RunsACallbackAtOnceWhenAlreadyCancelled) {
  CancellationToken token;
  token.Cancel();
  int runs = 0;
  EXPECT_EQ(token.OnCancel([&] { ++runs; }), 0u);
  EXPECT_EQ(runs, 1);
}

TEST(CancellationTokenTest, DoesNotRunARemovedCallback) {
  CancellationToken token;
  int removed = 0;
  int kept = 0;
  const CancellationToken::CallbackId id = token.OnCancel([&] { ++removed; });
  token.OnCancel([&] { ++kept; });
  token.RemoveCallback(id);
  token.Cancel();
  EXPECT_EQ(removed, 0);
  EXPECT_EQ(kept, 1);
}

TEST(CancellationTokenTest, TakesTheRemovalOfUnknownCallbacks) {
  CancellationToken token;
  token.RemoveCallback(0);
  token.RemoveCallback(99);
  token.Cancel();
  token.RemoveCallback(0);
  EXPECT_TRUE(token.cancelled());
}

TEST(CancellationTokenTest, MayBeUsedByTheDestructorOfARemovedCallback) {
  CancellationToken token;
  bool asked = false;
  std::shared_ptr<void> captured(nullptr, [&](void*) { asked = !token.cancelled(); });
  const CancellationToken::CallbackId id = token.OnCancel([captured] {});
  captured.reset();
  token.RemoveCallback(id);
  EXPECT_TRUE(asked);
}

TEST(CancellationTokenTest, RemoveCallbackWaitsForACallbackThatIsRunning) {
  CancellationToken token;
  std::atomic<bool> entered = false;
  std::atomic<bool> release = false;
  std::atomic<bool> finished = false;
  const CancellationToken::CallbackId id = token.OnCancel([&] {
    entered = true;
    while (!release) std::this_thread::yield();
    finished = true;
  });
  std::thread canceller([&] { token.Cancel(); });
  EXPECT_TRUE(testing::PollUntil([&] { return entered.load(); }));

  std::atomic<bool> removing = false;
  bool finished_when_removed = false;
  std::thread remover([&] {
    removing = true;
    token.RemoveCallback(id);
    finished_when_removed = finished;
  });
  EXPECT_TRUE(testing::PollUntil([&] { return removing.load(); }));
  release = true;
  remover.join();
  canceller.join();
  EXPECT_TRUE(finished_when_removed);
}

TEST(CancellationTokenTest, HasDestroyedACallbackThatRanWhenRemoveCallbackReturns) {
  for (int round = 0; round < 200; ++round) {
    CancellationToken token;
    std::weak_ptr<int> watched;
    CancellationToken::CallbackId id = 0;
    {
      const auto captured = std::make_shared<int>(0);
      watched = captured;
      id = token.OnCancel([captured] { ++*captured; });
    }
    std::thread canceller([&] { token.Cancel(); });
    token.RemoveCallback(id);
    EXPECT_TRUE(watched.expired());
    canceller.join();
  }
}

TEST(CancellationTokenTest, RunsOrRefusesEveryCallbackThatRacesWithCancel) {
  for (int round = 0; round < 100; ++round) {
    CancellationToken token;
    std::atomic<int> runs = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] { token.OnCancel([&] { ++runs; }); });
    }
    threads.emplace_back([&] { token.Cancel(); });
    threads.emplace_back([&] { token.Cancel(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(runs, 3);
  }
}

}  // namespace
}  // namespace signet

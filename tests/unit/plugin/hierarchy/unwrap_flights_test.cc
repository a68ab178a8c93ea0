// Many callers, one unwrap: deadlines, cancellation, bounds and the end of it all.
#include "plugin/hierarchy/unwrap_flights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/poll.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::Answer;
using testing::FakeKmsClient;
using testing::HierarchyHarness;
using testing::IsOk;
using testing::PollUntil;
using testing::StatusIs;
using testing::Stored;
using Operation = FakeKmsClient::Operation;
using CacheEvent = HierarchyObserver::CacheEvent;

class UnwrapFlightsTest : public ::testing::Test {
 protected:
  // Starts a Decrypt; the tuple and the answer outlive it.
  Answer Begin(const Stored& stored, MonotonicTime deadline = absl::InfiniteDuration(),
               std::shared_ptr<CancellationToken> token = nullptr) {
    Answer answer;
    DecryptInput input = HierarchyHarness::Input(stored);
    input.deadline = deadline;
    input.cancellation = std::move(token);
    harness_.hierarchy->Decrypt(input, answer.callback());
    return answer;
  }
  // The KMS hangs on unwraps from here on; counts those that hang.
  void Hang() {
    harness_.Start();
    before_ = harness_.unwraps();
    harness_.client->Hang(Operation::kUnwrap);
  }
  size_t unwraps() const { return harness_.unwraps() - before_; }
  bool Hanging(size_t count) {
    return PollUntil([&] { return harness_.client->blocked() == count; });
  }

  HierarchyHarness harness_;
  size_t before_ = 0;
};

TEST_F(UnwrapFlightsTest, FiveHundredColdDecryptsAtOnceAreOneUnwrap) {
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  std::vector<Answer> answers(500);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 10; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 50; ++i) answers[t * 50 + i] = Begin(stored);
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(Hanging(1));
  for (const Answer& answer : answers) EXPECT_FALSE(answer.done());
  harness_.client->Release(Operation::kUnwrap);
  for (const Answer& answer : answers) {
    ASSERT_OK_AND_ASSIGN(const std::string plaintext, answer.Wait());
    EXPECT_EQ(plaintext, "secret");
    EXPECT_EQ(answer.times(), 1u);
  }
  EXPECT_EQ(unwraps(), 1u);
  EXPECT_EQ(harness_.observer.count(CacheEvent::kJoinedFlight), 499u);
}

TEST_F(UnwrapFlightsTest, RacingColdDecryptsAreOneUnwrapThoughNothingHangs) {
  harness_.Start();
  for (int round = 0; round < 20; ++round) {
    const Stored stored = harness_.ForeignTuple("secret");
    const size_t before = harness_.unwraps();
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (size_t i = 0; i < 25; ++i) EXPECT_THAT(Begin(stored).Wait(), IsOk());
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(harness_.unwraps(), before + 1);
  }
}

TEST_F(UnwrapFlightsTest, EachWaiterIsAnsweredAtItsOwnDeadline) {
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  const MonotonicTime now = harness_.clock.Monotonic();
  const Answer soon = Begin(stored, now + absl::Seconds(1));
  const Answer later = Begin(stored, now + absl::Seconds(2));
  ASSERT_TRUE(Hanging(1));
  EXPECT_FALSE(soon.done());
  harness_.clock.Advance(absl::Seconds(1));
  EXPECT_THAT(soon.Wait(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_FALSE(later.done());
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(later.Wait(), IsOk());
  EXPECT_EQ(soon.times(), 1u);
}

TEST_F(UnwrapFlightsTest, AWaiterWithoutADeadlineIsAnsweredBeforeKubeApiserverGivesUp) {
  harness_.options.remote_call_timeout = absl::Seconds(60);
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  const Answer answer = Begin(stored);
  ASSERT_TRUE(Hanging(1));
  harness_.clock.Advance(absl::Milliseconds(2699));
  EXPECT_FALSE(answer.done());
  harness_.clock.Advance(absl::Milliseconds(1));
  EXPECT_THAT(answer.Wait(), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(UnwrapFlightsTest, ARemoteCallIsGivenUpAfterItsOwnTimeout) {
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  const Answer answer = Begin(stored);
  ASSERT_TRUE(Hanging(1));
  harness_.clock.Advance(absl::Milliseconds(2500));
  EXPECT_THAT(answer.Wait(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(Hanging(0));
}

TEST_F(UnwrapFlightsTest, ADeadlineThatHasPassedCostsNoRemoteCall) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  const size_t before = harness_.unwraps();
  EXPECT_THAT(Begin(stored, harness_.clock.Monotonic()).Wait(),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(harness_.unwraps(), before);
}

TEST_F(UnwrapFlightsTest, ACancelledWaiterIsAnsweredAtOnceAndTheFlightGoesOn) {
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  auto token = std::make_shared<CancellationToken>();
  const Answer leaving = Begin(stored, absl::InfiniteDuration(), token);
  const Answer staying = Begin(stored);
  ASSERT_TRUE(Hanging(1));
  token->Cancel();
  EXPECT_EQ(leaving.times(), 1u);
  EXPECT_THAT(leaving.Wait(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_FALSE(staying.done());
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(staying.Wait(), IsOk());
  EXPECT_EQ(leaving.times(), 1u);
  EXPECT_EQ(unwraps(), 1u);
}

TEST_F(UnwrapFlightsTest, TheLastWaiterToLeaveFreesTheWorker) {
  harness_.options.remote_workers = 1;
  Hang();
  const Stored hanging = harness_.ForeignTuple("hanging");
  auto one = std::make_shared<CancellationToken>();
  auto two = std::make_shared<CancellationToken>();
  const Answer first = Begin(hanging, absl::InfiniteDuration(), one);
  const Answer second = Begin(hanging, absl::InfiniteDuration(), two);
  ASSERT_TRUE(Hanging(1));
  one->Cancel();
  EXPECT_EQ(harness_.client->blocked(), 1u);
  two->Cancel();
  EXPECT_TRUE(Hanging(0));
  // The only worker is there for the next one.
  const Stored next = harness_.ForeignTuple("next");
  const Answer third = Begin(next);
  ASSERT_TRUE(Hanging(1));
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(third.Wait(), IsOk());
}

TEST_F(UnwrapFlightsTest, ADeadlineOfTheLastWaiterFreesTheWorkerToo) {
  harness_.options.remote_call_timeout = absl::Hours(1);
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  const Answer answer = Begin(stored, harness_.clock.Monotonic() + absl::Seconds(1));
  ASSERT_TRUE(Hanging(1));
  harness_.clock.Advance(absl::Seconds(1));
  EXPECT_THAT(answer.Wait(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(Hanging(0));
}

TEST_F(UnwrapFlightsTest, AWaiterThatLeavesTheQueueCostsNoRemoteCall) {
  harness_.options.remote_workers = 1;
  Hang();
  const Stored hanging = harness_.ForeignTuple("hanging");
  const Stored queued = harness_.ForeignTuple("queued");
  const Answer first = Begin(hanging);
  ASSERT_TRUE(Hanging(1));
  auto token = std::make_shared<CancellationToken>();
  const Answer second = Begin(queued, absl::InfiniteDuration(), token);
  token->Cancel();
  EXPECT_THAT(second.Wait(), StatusIs(absl::StatusCode::kCancelled));
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(first.Wait(), IsOk());
  EXPECT_EQ(unwraps(), 1u);
}

TEST_F(UnwrapFlightsTest, CallersThatLeaveTheQueueMakeRoomForOthers) {
  harness_.options.remote_workers = 1;
  harness_.options.max_waiting_decrypts = 3;
  Hang();
  const Stored hanging = harness_.ForeignTuple("hanging");
  const Answer first = Begin(hanging);
  ASSERT_TRUE(Hanging(1));
  for (int i = 0; i < 10; ++i) {
    const Stored queued = harness_.ForeignTuple("queued");
    auto token = std::make_shared<CancellationToken>();
    const Answer leaving = Begin(queued, absl::InfiniteDuration(), token);
    token->Cancel();
    EXPECT_THAT(leaving.Wait(), StatusIs(absl::StatusCode::kCancelled));
  }
  const Stored last = harness_.ForeignTuple("last");
  const Answer answer = Begin(last);
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(first.Wait(), IsOk());
  EXPECT_THAT(answer.Wait(), IsOk());
}

TEST_F(UnwrapFlightsTest, ACallThatIsCancelledAlreadyIsAnsweredWithCancelled) {
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  auto token = std::make_shared<CancellationToken>();
  token->Cancel();
  const Answer answer = Begin(stored, absl::InfiniteDuration(), token);
  EXPECT_EQ(answer.times(), 1u);
  EXPECT_THAT(answer.Wait(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(Hanging(0));
}

TEST_F(UnwrapFlightsTest, AnAbandonedRecordIsAskedForAnewByTheNextCaller) {
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  auto token = std::make_shared<CancellationToken>();
  Begin(stored, absl::InfiniteDuration(), token);
  ASSERT_TRUE(Hanging(1));
  token->Cancel();
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(Begin(stored).Wait(), IsOk());
}

TEST_F(UnwrapFlightsTest, NoMoreThanTheBoundWait) {
  harness_.options.max_waiting_decrypts = 3;
  Hang();
  const Stored stored = harness_.ForeignTuple("secret");
  std::vector<Answer> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(Begin(stored));
  EXPECT_THAT(Begin(stored).Wait(), StatusIs(absl::StatusCode::kResourceExhausted));
  harness_.client->Release(Operation::kUnwrap);
  for (const Answer& answer : waiting) EXPECT_THAT(answer.Wait(), IsOk());
  EXPECT_THAT(Begin(stored).Wait(), IsOk());
}

TEST_F(UnwrapFlightsTest, NoMoreRemoteCallsThanWorkersAtOnceAndAllGetTheirTurn) {
  harness_.options.remote_workers = 3;
  Hang();
  std::vector<Stored> tuples;
  for (int i = 0; i < 20; ++i) tuples.push_back(harness_.ForeignTuple());
  std::vector<Answer> answers;
  for (const Stored& stored : tuples) answers.push_back(Begin(stored));
  ASSERT_TRUE(Hanging(3));
  harness_.client->Release(Operation::kUnwrap);
  for (const Answer& answer : answers) EXPECT_THAT(answer.Wait(), IsOk());
  EXPECT_LE(harness_.client->most_at_once(), 3u);
}

TEST_F(UnwrapFlightsTest, ACachedKeyIsServedWhileTheKmsHangs) {
  harness_.Start();
  const Stored cached = harness_.ForeignTuple("secret");
  ASSERT_THAT(Begin(cached).Wait(), IsOk());
  harness_.client->Hang(Operation::kUnwrap);
  std::vector<Stored> tuples;
  for (int i = 0; i < 20; ++i) tuples.push_back(harness_.ForeignTuple());
  std::vector<Answer> hanging;
  for (const Stored& stored : tuples) hanging.push_back(Begin(stored));
  EXPECT_EQ(Begin(cached).times(), 1u) << "a hit answers on the calling thread";
  EXPECT_THAT(harness_.hierarchy->Encrypt("x"), IsOk());
  harness_.client->Release(Operation::kUnwrap);
  for (const Answer& answer : hanging) EXPECT_THAT(answer.Wait(), IsOk());
}

TEST_F(UnwrapFlightsTest, ActivationIsNotHeldUpByHangingDecrypts) {
  harness_.options.remote_workers = 1;
  harness_.client->Hang(Operation::kDescribe);
  ASSERT_THAT(harness_.Create(), IsOk());
  harness_.hierarchy->Start();
  ASSERT_TRUE(Hanging(1));
  // The only worker hangs.
  const Stored stored = harness_.ForeignTuple();
  harness_.client->Hang(Operation::kUnwrap);
  const Answer answer = Begin(stored);
  ASSERT_TRUE(Hanging(2));
  harness_.client->Release(Operation::kDescribe);
  ASSERT_TRUE(PollUntil([&] { return harness_.wraps() == 1; }));
  harness_.client->Release(Operation::kUnwrap);
  EXPECT_THAT(answer.Wait(), IsOk());
}

TEST_F(UnwrapFlightsTest, StopAnswersEveryWaiterWithCancelled) {
  Hang();
  std::vector<Stored> tuples;
  for (int i = 0; i < 20; ++i) tuples.push_back(harness_.ForeignTuple());
  std::vector<Answer> answers;
  for (const Stored& stored : tuples) {
    answers.push_back(Begin(stored));
    answers.push_back(Begin(stored, absl::InfiniteDuration(), std::make_shared<CancellationToken>()));
  }
  harness_.hierarchy->Stop();
  for (const Answer& answer : answers) {
    EXPECT_EQ(answer.times(), 1u);
    EXPECT_THAT(answer.Wait(), StatusIs(absl::StatusCode::kCancelled));
  }
  EXPECT_THAT(Begin(tuples[0]).Wait(), StatusIs(absl::StatusCode::kCancelled));
  harness_.hierarchy->Stop();
}

TEST_F(UnwrapFlightsTest, ATokenIsForgottenOnceItsCallIsAnswered) {
  harness_.Start();
  const Stored stored = harness_.ForeignTuple("secret");
  auto token = std::make_shared<CancellationToken>();
  const Answer answer = Begin(stored, absl::InfiniteDuration(), token);
  EXPECT_THAT(answer.Wait(), IsOk());
  harness_.hierarchy.reset();
  // Whatever it still called would be gone.
  token->Cancel();
  EXPECT_EQ(answer.times(), 1u);
}

TEST_F(UnwrapFlightsTest, CancelDeadlineAndAnswerRacingAnswerOnce) {
  harness_.Start();
  for (int round = 0; round < 200; ++round) {
    const Stored stored = harness_.ForeignTuple("secret");
    auto token = std::make_shared<CancellationToken>();
    const Answer answer = Begin(stored, harness_.clock.Monotonic() + absl::Seconds(1), token);
    std::thread canceller([&] { token->Cancel(); });
    harness_.clock.Advance(absl::Seconds(1));
    canceller.join();
    (void)answer.Wait();
    EXPECT_EQ(answer.times(), 1u);
  }
}

}  // namespace
}  // namespace signet

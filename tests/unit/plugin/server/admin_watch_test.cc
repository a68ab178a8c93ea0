// WatchEvents: the stream of events, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/plugin/server/admin_server_fixture.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using Kind = KeyEvent::Kind;

// One reader, on a connection of its own.
class Watcher {
 public:
  Watcher(std::unique_ptr<AdminStub> stub, bool recent) : stub_(std::move(stub)) {
    context_.set_wait_for_ready(true);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    admin::v1::WatchEventsRequest request;
    request.set_recent(recent);
    reader_ = stub_->WatchEvents(&context_, request);
  }
  bool Read() { return reader_->Read(&answer_); }
  const admin::v1::WatchEventsResponse& answer() const { return answer_; }
  std::vector<std::string> details() const {
    std::vector<std::string> details;
    for (const auto& event : answer_.events()) details.push_back(event.detail());
    return details;
  }
  void Cancel() { context_.TryCancel(); }
  grpc::StatusCode Finish() {
    while (Read()) {
    }
    return reader_->Finish().error_code();
  }

 private:
  std::unique_ptr<AdminStub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<admin::v1::WatchEventsResponse>> reader_;
  admin::v1::WatchEventsResponse answer_;
};

class AdminWatchTest : public AdminServerTest {
 protected:
  std::unique_ptr<Watcher> Watch(bool recent = false) { return std::make_unique<Watcher>(Client(), recent); }
};

TEST_F(AdminWatchTest, AnswersAtOnceSoThatTheReaderKnowsThatItIsHeard) {
  StartServer();
  const auto watcher = Watch();
  ASSERT_TRUE(watcher->Read());
  EXPECT_EQ(watcher->answer().events_size(), 0);
  EXPECT_EQ(watcher->answer().heartbeat().seconds(), 10);
}

TEST_F(AdminWatchTest, SendsWhatHappensAsItHappens) {
  StartServer();
  const auto watcher = Watch();
  ASSERT_TRUE(watcher->Read());
  for (int i = 0; i < 20; ++i) {
    keys_.Publish(Kind::kKeyActivated, absl::StrCat(i));
    ASSERT_TRUE(watcher->Read());
    ASSERT_EQ(watcher->answer().events_size(), 1);
    const admin::v1::KeyEvent& event = watcher->answer().events(0);
    EXPECT_EQ(event.number(), static_cast<uint64_t>(i) + 1);
    EXPECT_EQ(event.kind(), "key_activated");
    EXPECT_EQ(event.key_id(), "k");
    EXPECT_EQ(event.detail(), absl::StrCat(i));
  }
}

TEST_F(AdminWatchTest, BeginsWithWhatWasBeforeWhenAskedTo) {
  StartServer();
  keys_.Publish(Kind::kOperation, "before");
  const auto watcher = Watch(/*recent=*/true);
  ASSERT_TRUE(watcher->Read());
  EXPECT_THAT(watcher->details(), ElementsAre("before"));
  const auto without = Watch();
  ASSERT_TRUE(without->Read());
  EXPECT_EQ(without->answer().events_size(), 0);
}

TEST_F(AdminWatchTest, SendsAHeartbeatWhenNothingHappens) {
  options_.heartbeat = absl::Milliseconds(5);
  StartServer();
  const auto watcher = Watch();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(watcher->Read());
    EXPECT_EQ(watcher->answer().events_size(), 0);
    EXPECT_EQ(watcher->answer().heartbeat().nanos(), 5000000);
  }
}

TEST_F(AdminWatchTest, SeveralReadersGetTheSame) {
  StartServer();
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 4; ++i) {
    watchers.push_back(Watch());
    ASSERT_TRUE(watchers.back()->Read());
  }
  keys_.Publish(Kind::kWritesStopped, "why");
  for (const auto& watcher : watchers) {
    ASSERT_TRUE(watcher->Read());
    EXPECT_THAT(watcher->details(), ElementsAre("why"));
  }
}

TEST_F(AdminWatchTest, OneTooManyIsRefusedAndASeatIsFreeAgainAfterALeaver) {
  options_.max_watchers = 2;
  StartServer();
  const auto first = Watch();
  const auto second = Watch();
  ASSERT_TRUE(first->Read());
  ASSERT_TRUE(second->Read());
  EXPECT_EQ(Watch()->Finish(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  first->Cancel();
  EXPECT_TRUE(PollUntil([&] { return keys_.subscriptions() == 1; }));
  EXPECT_TRUE(PollUntil([&] { return Watch()->Read(); }));
}

TEST_F(AdminWatchTest, ALeaverFreesEverythingAndIsAudited) {
  StartServer();
  const auto watcher = Watch();
  ASSERT_TRUE(watcher->Read());
  ASSERT_EQ(observer_.streams().size(), 1U);
  EXPECT_EQ(observer_.streams()[0].method, "WatchEvents");
  EXPECT_EQ(observer_.streams()[0].peer.uid, ::geteuid());
  EXPECT_EQ(keys_.subscriptions(), 1U);
  watcher->Cancel();
  EXPECT_EQ(watcher->Finish(), grpc::StatusCode::CANCELLED);
  const auto calls = Audited("WatchEvents", 1);
  EXPECT_EQ(calls[0].code, absl::StatusCode::kCancelled);
  EXPECT_EQ(calls[0].peer.pid, ::getpid());
  EXPECT_TRUE(PollUntil([&] { return keys_.subscriptions() == 0; }));
}

TEST_F(AdminWatchTest, ADrainEndsIt) {
  StartServer();
  const auto watcher = Watch();
  ASSERT_TRUE(watcher->Read());
  std::thread stop([&] { server_->Stop(absl::Seconds(30)); });
  EXPECT_EQ(watcher->Finish(), grpc::StatusCode::UNAVAILABLE);
  stop.join();
  EXPECT_EQ(Audited("WatchEvents", 1)[0].code, absl::StatusCode::kUnavailable);
}

// Far more than what gRPC and the socket buffer for a reader who takes nothing.
TEST_F(AdminWatchTest, ASlowReaderLosesTheOldestIsToldHowManyAndHoldsUpNobody) {
  StartServer();
  const auto slow = Watch();
  ASSERT_TRUE(slow->Read());
  constexpr uint64_t kEvents = 6000;
  for (uint64_t i = 0; i < kEvents; ++i) keys_.Publish(Kind::kOperation, std::string(2000, 'x'));
  admin::v1::GetStateResponse state;
  EXPECT_TRUE(Call(&AdminStub::GetState, {}, &state).ok());
  keys_.Publish(Kind::kOperation, "last");
  uint64_t received = 0;
  uint64_t dropped = 0;
  uint64_t last_number = 0;
  bool last = false;
  while (!last && slow->Read()) {
    dropped += slow->answer().dropped();
    last_number += slow->answer().dropped();
    for (const auto& event : slow->answer().events()) {
      EXPECT_EQ(event.number(), ++last_number);
      ++received;
      last = event.detail() == "last";
    }
  }
  EXPECT_TRUE(last);
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(received + dropped, kEvents + 1);
}

TEST_F(AdminWatchTest, OneWhoTakesNothingIsCutOff) {
  options_.heartbeat = absl::Milliseconds(5);
  options_.write_timeout = absl::Milliseconds(50);
  StartServer();
  const auto dead = Watch();
  ASSERT_TRUE(dead->Read());
  EXPECT_TRUE(PollUntil([&] {
    keys_.Publish(Kind::kOperation, std::string(20000, 'x'));
    return keys_.subscriptions() == 0;
  }));
  EXPECT_EQ(Audited("WatchEvents", 1)[0].code, absl::StatusCode::kDeadlineExceeded);
}

TEST_F(AdminWatchTest, ManyComeAndGoWhileEventsFly) {
  options_.max_watchers = 4;
  options_.heartbeat = absl::Milliseconds(1);
  StartServer();
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    while (!done) keys_.Publish(Kind::kOperation, "x");
  });
  for (int i = 0; i < 30; ++i) {
    const auto watcher = Watch(i % 2 == 0);
    if (watcher->Read() && i % 3 == 0) {
      EXPECT_TRUE(watcher->Read());
    }
    watcher->Cancel();
  }
  done = true;
  publisher.join();
  EXPECT_TRUE(PollUntil([&] { return keys_.subscriptions() == 0; }));
}

}  // namespace
}  // namespace signet::testing

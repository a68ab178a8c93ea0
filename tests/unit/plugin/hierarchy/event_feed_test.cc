#include "plugin/hierarchy/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/testing/fake_clock.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

KeyEvent Event(const std::string& detail) {
  KeyEvent event;
  event.detail = detail;
  return event;
}

class EventFeedTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  HierarchyObserver observer_;
  EventFeed feed_{clock_, observer_};
};

TEST_F(EventFeedTest, NumbersAndTimesEventsInTheirOrder) {
  const auto reader = feed_.Subscribe(10, false, nullptr);
  feed_.Publish(Event("a"));
  clock_.Advance(absl::Seconds(1));
  feed_.Publish(Event("b"));
  const EventSubscription::Batch batch = reader->Take();
  ASSERT_THAT(batch.events, SizeIs(2));
  EXPECT_EQ(batch.events[0].number, 1u);
  EXPECT_EQ(batch.events[1].number, 2u);
  EXPECT_EQ(batch.events[1].time, clock_.Wall());
  EXPECT_EQ(batch.dropped, 0u);
  EXPECT_THAT(reader->Take().events, IsEmpty());
}

TEST_F(EventFeedTest, ASlowReaderLosesTheOldestAndIsToldHowMany) {
  const auto slow = feed_.Subscribe(2, false, nullptr);
  const auto quick = feed_.Subscribe(10, false, nullptr);
  for (const char* detail : {"a", "b", "c", "d", "e"}) feed_.Publish(Event(detail));
  const EventSubscription::Batch batch = slow->Take();
  EXPECT_THAT(batch.events, ElementsAre(Field(&KeyEvent::detail, "d"), Field(&KeyEvent::detail, "e")));
  EXPECT_EQ(batch.dropped, 3u);
  EXPECT_THAT(quick->Take().events, SizeIs(5));
  feed_.Publish(Event("f"));
  EXPECT_EQ(slow->Take().dropped, 0u);
}

TEST_F(EventFeedTest, CallsAReaderOnlyWhenItsEmptyQueueGetsSomething) {
  int calls = 0;
  const auto reader = feed_.Subscribe(10, false, [&calls] { ++calls; });
  feed_.Publish(Event("a"));
  feed_.Publish(Event("b"));
  EXPECT_EQ(calls, 1);
  reader->Take();
  feed_.Publish(Event("c"));
  EXPECT_EQ(calls, 2);
}

TEST_F(EventFeedTest, ALateReaderMayAskForRecentEvents) {
  for (size_t i = 0; i < EventFeed::kRecent + 1; ++i) feed_.Publish(Event("x"));
  EXPECT_THAT(feed_.Subscribe(100, false, nullptr)->Take().events, IsEmpty());
  const auto events = feed_.Subscribe(100, true, nullptr)->Take().events;
  ASSERT_THAT(events, SizeIs(EventFeed::kRecent));
  EXPECT_EQ(events.front().number, 2u);
}

TEST_F(EventFeedTest, AReaderThatIsGoneIsNotCalled) {
  int calls = 0;
  feed_.Subscribe(10, false, [&calls] { ++calls; }).reset();
  feed_.Publish(Event("a"));
  EXPECT_EQ(calls, 0);
}

TEST(KeyEventTest, EveryKindHasANameOfItsOwn) {
  std::set<absl::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(KeyEvent::Kind::kOperation); ++kind) {
    names.insert(KeyEventName(static_cast<KeyEvent::Kind>(kind)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(KeyEvent::Kind::kOperation) + 1);
  EXPECT_EQ(names.count("unknown"), 0u);
}

}  // namespace
}  // namespace signet

// EventFeed: hands the hierarchy's events to those who follow them. A reader who is too slow loses the oldest
// and is told how many; nobody else waits for it.
//
// Thread-safe; nothing blocks beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_EVENT_FEED_H_
#define SIGNET_PLUGIN_HIERARCHY_EVENT_FEED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/key_event.h"

namespace signet {

// One reader's queue. Ends with its last reference.
class EventSubscription {
 public:
  struct Batch {
    std::vector<KeyEvent> events;  // oldest first
    uint64_t dropped = 0;          // events lost before the first of these, for want of room
  };
  // Keeps at most `capacity` (at least 1) events. `on_event` runs whenever an empty queue gets its first
  // event, on the thread where it happened; it must not block and must not call back into the hierarchy.
  EventSubscription(size_t capacity, std::function<void()> on_event)
      : capacity_(capacity), on_event_(std::move(on_event)) {}

  // Everything that waits; empty when nothing does.
  Batch Take();

 private:
  friend class EventFeed;
  void Add(const KeyEvent& event);

  const size_t capacity_;
  const std::function<void()> on_event_;
  Mutex mutex_;
  std::deque<KeyEvent> events_ ABSL_GUARDED_BY(mutex_);
  uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
};

class EventFeed {
 public:
  // The last ones are kept for readers that come later.
  static constexpr size_t kRecent = 64;

  // Both outlive the object. The observer hears every event, before any reader.
  EventFeed(const Clock& clock, HierarchyObserver& observer) : clock_(clock), observer_(observer) {}

  // Fills in number and time. Not with a lock held that a reader's callback could want.
  void Publish(KeyEvent event);

  // A reader of what happens from now on; with `recent` of what was kept, too.
  std::shared_ptr<EventSubscription> Subscribe(size_t capacity, bool recent, std::function<void()> on_event);

 private:
  const Clock& clock_;
  HierarchyObserver& observer_;
  Mutex mutex_;
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<KeyEvent> recent_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<EventSubscription>> subscriptions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_EVENT_FEED_H_

#include "plugin/hierarchy/event_feed.h"

#include <utility>

namespace signet {

absl::string_view KeyEventName(KeyEvent::Kind kind) {
  switch (kind) {
    case KeyEvent::Kind::kKeyActivated:
      return "key_activated";
    case KeyEvent::Kind::kVersionSeen:
      return "version_seen";
    case KeyEvent::Kind::kVersionPending:
      return "version_pending";
    case KeyEvent::Kind::kPendingDropped:
      return "pending_dropped";
    case KeyEvent::Kind::kRolledBack:
      return "rolled_back";
    case KeyEvent::Kind::kRollbackEnded:
      return "rollback_ended";
    case KeyEvent::Kind::kProviderChanged:
      return "provider_changed";
    case KeyEvent::Kind::kWritesStopped:
      return "writes_stopped";
    case KeyEvent::Kind::kWritesResumed:
      return "writes_resumed";
    case KeyEvent::Kind::kKeysPurged:
      return "keys_purged";
    case KeyEvent::Kind::kLimitNear:
      return "limit_near";
    case KeyEvent::Kind::kMoveWaits:
      return "move_waits";
    case KeyEvent::Kind::kOperation:
      return "operation";
  }
  return "unknown";
}

EventSubscription::Batch EventSubscription::Take() {
  Batch batch;
  MutexLock lock(mutex_);
  batch.events.assign(std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()));
  events_.clear();
  batch.dropped = std::exchange(dropped_, 0);
  return batch;
}

void EventSubscription::Add(const KeyEvent& event) {
  bool first = false;
  {
    MutexLock lock(mutex_);
    first = events_.empty();
    if (events_.size() >= capacity_) {
      events_.pop_front();
      ++dropped_;
    }
    events_.push_back(event);
  }
  if (first && on_event_) on_event_();
}

void EventFeed::Publish(KeyEvent event) {
  std::vector<std::shared_ptr<EventSubscription>> readers;
  {
    // Numbers, the observer's log and the queues tell one order: nothing overtakes.
    MutexLock lock(mutex_);
    event.number = ++last_number_;
    event.time = clock_.Wall();
    recent_.push_back(event);
    if (recent_.size() > kRecent) recent_.pop_front();
    std::vector<std::weak_ptr<EventSubscription>> alive;
    for (const std::weak_ptr<EventSubscription>& one : subscriptions_) {
      if (std::shared_ptr<EventSubscription> reader = one.lock()) {
        alive.push_back(one);
        readers.push_back(std::move(reader));
      }
    }
    subscriptions_.swap(alive);
    observer_.OnEvent(event);
    for (const auto& reader : readers) reader->Add(event);
  }
}

std::shared_ptr<EventSubscription> EventFeed::Subscribe(size_t capacity, bool recent,
                                                        std::function<void()> on_event) {
  auto reader = std::make_shared<EventSubscription>(capacity, std::move(on_event));
  MutexLock lock(mutex_);
  if (recent) {
    for (const KeyEvent& event : recent_) reader->Add(event);
  }
  subscriptions_.push_back(reader);
  return reader;
}

}  // namespace signet

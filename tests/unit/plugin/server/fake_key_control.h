// FakeKeyControl: a KeyControl without keys, for tests of the admin API: what was asked for is recorded, what
// is answered, and when, is the test's to say, and events are published by hand.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_SERVER_FAKE_KEY_CONTROL_H_
#define SIGNET_TESTS_UNIT_PLUGIN_SERVER_FAKE_KEY_CONTROL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/key_control.h"

namespace signet::testing {

// Thread-safe.
class FakeKeyControl final : public KeyControl {
 public:
  void RotateLocalKek(KeyOperationCallback done) override { Do("rotate local", std::move(done)); }
  void RotateRemoteKey(absl::string_view provider, KeyOperationCallback done) override {
    Do(absl::StrCat("rotate remote ", provider), std::move(done));
  }
  void RefreshRemoteKey(KeyOperationCallback done) override { Do("refresh", std::move(done)); }
  void AcceptKeyId(absl::string_view key_id, KeyOperationCallback done) override {
    Do(absl::StrCat("accept ", key_id), std::move(done));
  }
  void PurgeKeys(KeyOperationCallback done) override { Do("purge", std::move(done)); }
  std::vector<LocalKeyInfo> ListKeys() const override { return keys; }
  std::shared_ptr<EventSubscription> Subscribe(size_t capacity, bool recent,
                                               std::function<void()> on_event) override {
    std::shared_ptr<EventSubscription> subscription = feed_.Subscribe(capacity, recent, std::move(on_event));
    MutexLock lock(mutex_);
    subscriptions_.push_back(subscription);
    return subscription;
  }

  void Publish(KeyEvent::Kind kind, std::string detail) {
    KeyEvent event;
    event.kind = kind;
    event.key_id = "k";
    event.detail = std::move(detail);
    feed_.Publish(std::move(event));
  }
  // Readers that are still there.
  size_t subscriptions() const {
    MutexLock lock(mutex_);
    size_t alive = 0;
    for (const auto& one : subscriptions_) alive += one.expired() ? 0 : 1;
    return alive;
  }
  // From now on operations are not answered before Answer.
  void Hold() {
    MutexLock lock(mutex_);
    holding_ = true;
  }
  size_t held() const {
    MutexLock lock(mutex_);
    return held_.size();
  }
  void Answer() {
    std::vector<KeyOperationCallback> held;
    {
      MutexLock lock(mutex_);
      held.swap(held_);
      holding_ = false;
    }
    for (const KeyOperationCallback& done : held) done(result);
  }
  std::vector<std::string> asked() const {
    MutexLock lock(mutex_);
    return asked_;
  }

  // Set before the first call.
  absl::StatusOr<KeyOperationResult> result = KeyOperationResult();
  std::vector<LocalKeyInfo> keys;

 private:
  void Do(std::string what, KeyOperationCallback done) {
    {
      MutexLock lock(mutex_);
      asked_.push_back(std::move(what));
      if (holding_) return held_.push_back(std::move(done));
    }
    done(result);
  }

  HierarchyObserver observer_;
  EventFeed feed_{SystemClock(), observer_};
  mutable Mutex mutex_;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<KeyOperationCallback> held_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> asked_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<EventSubscription>> subscriptions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_SERVER_FAKE_KEY_CONTROL_H_

// AdminEventSource: the hierarchy's events as the answers of WatchEvents. Belongs to one stream.
#ifndef SIGNET_PLUGIN_SERVER_ADMIN_EVENT_SOURCE_H_
#define SIGNET_PLUGIN_SERVER_ADMIN_EVENT_SOURCE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "plugin/hierarchy/key_control.h"
#include "plugin/server/admin_translation.h"
#include "plugin/server/server_stream_method.h"

namespace signet {

class AdminEventSource final : public StreamSource<admin::v1::WatchEventsResponse> {
 public:
  // What waits for one reader at most; older ones are dropped.
  static constexpr size_t kCapacity = 256;

  AdminEventSource(KeyControl& control, bool recent, absl::Duration heartbeat, std::function<void()> wake)
      : subscription_(control.Subscribe(kCapacity, recent, std::move(wake))), heartbeat_(heartbeat) {}

  bool Next(bool due, admin::v1::WatchEventsResponse& response) override {
    EventSubscription::Batch batch = subscription_->Take();
    if (batch.events.empty() && batch.dropped == 0 && !due) return false;
    FillEvents(std::move(batch), response);
    FillDuration(heartbeat_, *response.mutable_heartbeat());
    return true;
  }

 private:
  const std::shared_ptr<EventSubscription> subscription_;
  const absl::Duration heartbeat_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_ADMIN_EVENT_SOURCE_H_

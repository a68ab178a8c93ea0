// Waiting for signetd to come to a state: woken by its events, judged by GetState, so that an event that was
// missed changes nothing.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_STATE_WAIT_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_STATE_WAIT_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "plugin/cmd/common/admin_client.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

struct StateWait {
  MonotonicTime until;  // of SystemClock
  std::function<bool(const admin::v1::GetStateResponse&)> reached;
  // Told everything that comes from the stream, and what still comes right behind the state. An error ends
  // the wait with it.
  std::function<absl::Status(const admin::v1::WatchEventsResponse&)> on_events;
};

// Blocks until `reached`: the state that was. Nothing: not in time. Errors: as AdminConnection::GetState and
// EventReader::Next, and on_events' own.
absl::StatusOr<std::optional<admin::v1::GetStateResponse>> WaitForState(AdminConnection& connection,
                                                                        EventReader& events,
                                                                        const StateWait& wait);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_STATE_WAIT_H_

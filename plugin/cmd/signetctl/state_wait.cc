#include "plugin/cmd/signetctl/state_wait.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/status_macros.h"
#include "plugin/cmd/signetctl/admin_command.h"

namespace signet::ctl {
namespace {

// Not everything that changes the state is an event: uses and connections are not.
constexpr absl::Duration kLookAgain = absl::Seconds(2);
// For the events that led to the state, which may come right behind it.
constexpr absl::Duration kLastEvents = absl::Milliseconds(100);

void TakeLastEvents(EventReader& events, const StateWait& wait) {
  while (true) {
    const auto answer = events.Next(kLastEvents);
    if (!answer.ok() || !answer->has_value() || (*answer)->events().empty()) return;
    if (!wait.on_events(**answer).ok()) return;
  }
}

}  // namespace

absl::StatusOr<std::optional<admin::v1::GetStateResponse>> WaitForState(AdminConnection& connection,
                                                                        EventReader& events,
                                                                        const StateWait& wait) {
  while (true) {
    SIGNET_ASSIGN_OR_RETURN(admin::v1::GetStateResponse state, connection.GetState(kQuickAnswer));
    if (wait.reached(state)) {
      TakeLastEvents(events, wait);
      return std::make_optional(std::move(state));
    }
    const absl::Duration left = wait.until - SystemClock().Monotonic();
    if (left <= absl::ZeroDuration()) return std::nullopt;
    SIGNET_ASSIGN_OR_RETURN(const auto answer, events.Next(std::min(left, kLookAgain)));
    if (answer.has_value()) SIGNET_RETURN_IF_ERROR(wait.on_events(*answer));
  }
}

}  // namespace signet::ctl

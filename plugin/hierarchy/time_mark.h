// TimeMark: a moment that can be compared with a later one across restarts, reboots, suspends and clocks that
// are set back, so that none of them lengthens a limit. Thread-safe (values, pure functions); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_TIME_MARK_H_
#define SIGNET_PLUGIN_HIERARCHY_TIME_MARK_H_

#include <string>

#include "absl/time/time.h"
#include "base/clock.h"

namespace signet {

struct TimeMark {
  absl::Time wall;
  std::string boot_id;
  absl::Duration boot_time;  // since boot, suspended time included

  friend bool operator==(const TimeMark&, const TimeMark&) = default;
};

TimeMark MarkNow(const Clock& clock);

// Within one boot the difference of the boot times; across boots max(now, highest wall time ever seen) minus
// the marked wall time. Never negative.
absl::Duration Elapsed(const TimeMark& since, const TimeMark& now, absl::Time highest_wall_seen);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_TIME_MARK_H_

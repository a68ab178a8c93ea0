#include "plugin/hierarchy/time_mark.h"

#include <algorithm>

namespace signet {

TimeMark MarkNow(const Clock& clock) { return TimeMark{clock.Wall(), clock.BootId(), clock.BootTime()}; }

absl::Duration Elapsed(const TimeMark& since, const TimeMark& now, absl::Time highest_wall_seen) {
  const absl::Duration elapsed = since.boot_id == now.boot_id
                                     ? now.boot_time - since.boot_time
                                     : std::max(now.wall, highest_wall_seen) - since.wall;
  return std::max(elapsed, absl::ZeroDuration());
}

}  // namespace signet

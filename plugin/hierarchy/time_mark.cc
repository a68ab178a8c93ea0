#include "plugin/hierarchy/time_mark.h"

#include <algorithm>

namespace signet {

TimeMark MarkNow(const Clock& clock, const TimeMark& earlier) {
  TimeMark now{clock.Wall(), clock.BootId(), clock.BootTime(), earlier.node_time};
  if (earlier.boot_id == now.boot_id && now.boot_time > earlier.boot_time) {
    now.node_time += now.boot_time - earlier.boot_time;
  }
  now.node_time = std::max(now.node_time, now.wall);
  return now;
}

absl::Duration Elapsed(const TimeMark& since, const TimeMark& now) {
  const absl::Duration elapsed = since.boot_id == now.boot_id
                                     ? now.boot_time - since.boot_time
                                     : std::max(now.wall - since.wall, now.node_time - since.node_time);
  return std::max(elapsed, absl::ZeroDuration());
}

}  // namespace signet

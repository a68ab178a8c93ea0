// TimeMark: a moment that can be compared with a later one across restarts, reboots, suspends and clocks that
// are set, so that none of them lengthens a limit. Thread-safe (values, pure functions); nothing blocks.
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
  // The highest wall time this node has seen, and at least what it was plus the time spent running since: it
  // never falls.
  absl::Time node_time;

  friend bool operator==(const TimeMark&, const TimeMark&) = default;
};

// `earlier` is the latest mark that is known, of whatever boot.
TimeMark MarkNow(const Clock& clock, const TimeMark& earlier);

// Within one boot the difference of the boot times. Across boots the larger of the differences of wall and
// node time: a clock set back between them shortens only the first, and one that was once far ahead, before
// the mark, lengthens neither. Never negative.
absl::Duration Elapsed(const TimeMark& since, const TimeMark& now);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_TIME_MARK_H_

#include "plugin/server/call_deadline.h"

namespace signet {

MonotonicTime ToMonotonicTime(gpr_timespec deadline, const Clock& clock) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return absl::InfiniteDuration();
  // By way of the time that is left, so that it does not matter whose clock counts from when.
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  return clock.Monotonic() + absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
}

}  // namespace signet

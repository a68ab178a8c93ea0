#include "plugin/server/stream_wakeup.h"

#include <grpc/support/time.h>

#include <utility>

namespace signet {

void StreamWakeup::Arm(grpc::CompletionQueue& queue, absl::Duration longest, void* tag) {
  MutexLock lock(mutex_);
  const absl::Duration wait = woken_ ? absl::ZeroDuration() : longest;
  armed_ = true;
  alarm_.Set(&queue,
             gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                          gpr_time_from_micros(absl::ToInt64Microseconds(wait), GPR_TIMESPAN)),
             tag);
}

bool StreamWakeup::Disarm() {
  MutexLock lock(mutex_);
  armed_ = false;
  return std::exchange(woken_, false);
}

void StreamWakeup::Wake() {
  MutexLock lock(mutex_);
  if (std::exchange(woken_, true)) return;
  // Brings the event at once.
  if (armed_) alarm_.Cancel();
}

}  // namespace signet

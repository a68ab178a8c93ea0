#include "plugin/hierarchy/strand.h"

#include <utility>

namespace signet {

Strand::Strand(std::function<absl::Duration()> step, WorkerPool& pool, TimerQueue& timers, const Clock& clock)
    : step_(std::move(step)), pool_(pool), timers_(timers), clock_(clock) {}

void Strand::Kick() {
  MutexLock lock(mutex_);
  if (stopped_) return;
  if (running_) {
    again_ = true;
    return;
  }
  timers_.Cancel(timer_);
  running_ = pool_.Submit([this] { Run(); }) != 0;
}

void Strand::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  timers_.Cancel(timer_);
}

void Strand::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      again_ = false;
      if (stopped_) {
        running_ = false;
        return;
      }
    }
    const absl::Duration next = step_();
    MutexLock lock(mutex_);
    if (again_) continue;
    running_ = false;
    if (!stopped_ && next != absl::InfiniteDuration()) {
      timer_ = timers_.Schedule(clock_.Monotonic() + next, [this] { Kick(); });
    }
    return;
  }
}

}  // namespace signet

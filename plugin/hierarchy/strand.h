// Strand: one recurring piece of work on a pool, never twice at the same time; runs again when it is asked to
// or when the time it named has passed.
//
// Thread-safe. Kick and Stop do not block.
#ifndef SIGNET_PLUGIN_HIERARCHY_STRAND_H_
#define SIGNET_PLUGIN_HIERARCHY_STRAND_H_

#include <functional>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/timer_queue.h"
#include "plugin/hierarchy/worker_pool.h"

namespace signet {

class Strand {
 public:
  // `step` runs on a worker and returns how long until the next run; absl::InfiniteDuration() waits for Kick.
  // Everything referred to outlives the object; pool and timers stop before it is destroyed.
  Strand(std::function<absl::Duration()> step, WorkerPool& pool, TimerQueue& timers, const Clock& clock);

  // Runs the step soon; once more after the run in progress.
  void Kick();
  // No step begins after return; one may be running.
  void Stop();

 private:
  void Run();

  const std::function<absl::Duration()> step_;
  WorkerPool& pool_;
  TimerQueue& timers_;
  const Clock& clock_;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;  // queued or in progress
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  TimerQueue::TimerId timer_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_STRAND_H_

// TimerQueue: runs callbacks at moments of Clock::Monotonic(), on one thread of its own.
//
// Thread-safe. Schedule and Cancel do not block; Stop joins the thread.
#ifndef SIGNET_PLUGIN_HIERARCHY_TIMER_QUEUE_H_
#define SIGNET_PLUGIN_HIERARCHY_TIMER_QUEUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace signet {

class TimerQueue {
 public:
  using TimerId = uint64_t;  // 0 is none

  // `clock` outlives the object. No thread exists before Start.
  explicit TimerQueue(const Clock& clock) : clock_(clock) {}
  ~TimerQueue() { Stop(); }
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  void Start();
  // Instead of Start: runs the first callback that is due, on this thread; false when none is.
  bool RunDue();
  // Infinite when there is no timer.
  MonotonicTime NextDue() const;
  // Callbacks that are not due never run. Idempotent; not from a callback.
  void Stop();

  // `callback` runs once, soon after `when`; it must not block. absl::InfiniteDuration() never runs.
  TimerId Schedule(MonotonicTime when, std::function<void()> callback);
  // The callback does not start after return; it may still be running. Unknown ids are ignored.
  void Cancel(TimerId id);

 private:
  using Key = std::pair<MonotonicTime, TimerId>;
  void Run();
  std::function<void()> TakeFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  TimerId next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<Key, std::function<void()>> due_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<TimerId, MonotonicTime> when_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // touched by Start and Stop only
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_TIMER_QUEUE_H_

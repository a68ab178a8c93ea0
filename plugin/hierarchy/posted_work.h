// PostedWork: work that others want done on a strand, in their order. Thread-safe; nothing blocks beyond a
// short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_POSTED_WORK_H_
#define SIGNET_PLUGIN_HIERARCHY_POSTED_WORK_H_

#include <deque>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "base/mutex.h"

namespace signet {

class PostedWork {
 public:
  // Runs exactly once: with OK on the strand, or with the status of Stop.
  using Work = std::function<void(const absl::Status& stopped)>;

  // True when it waits for RunAll; after Stop it has run on this thread.
  bool Post(Work work) {
    {
      MutexLock lock(mutex_);
      if (!stopped_) {
        waiting_.push_back(std::move(work));
        return true;
      }
    }
    work(absl::CancelledError("signetd is stopping"));
    return false;
  }
  void RunAll() { RunAll(absl::OkStatus()); }
  // What waits, and all that comes later, is cancelled.
  void Stop() {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
    }
    RunAll(absl::CancelledError("signetd is stopping"));
  }

 private:
  void RunAll(const absl::Status& stopped) {
    while (true) {
      Work work;
      {
        MutexLock lock(mutex_);
        if (waiting_.empty()) return;
        work = std::move(waiting_.front());
        waiting_.pop_front();
      }
      work(stopped);
    }
  }

  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Work> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_POSTED_WORK_H_

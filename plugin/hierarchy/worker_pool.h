// WorkerPool: a fixed number of threads for work that may block on a KMS or the disk.
//
// Thread-safe. Submit and Remove do not block; Stop blocks until the tasks in progress have returned.
#ifndef SIGNET_PLUGIN_HIERARCHY_WORKER_POOL_H_
#define SIGNET_PLUGIN_HIERARCHY_WORKER_POOL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace signet {

class WorkerPool {
 public:
  using Ticket = uint64_t;  // 0 is none

  // No thread exists before Start. At most `max_queued` tasks wait.
  WorkerPool(size_t threads, size_t max_queued) : threads_(threads), max_queued_(max_queued) {}
  ~WorkerPool() { Stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Start();
  // Instead of Start: runs the first task on this thread; false when none waits.
  bool RunOne();
  // Tasks that have not begun are dropped. Idempotent; not from a task.
  void Stop();

  // First in, first out. 0 when too many wait or after Stop.
  Ticket Submit(std::function<void()> task);
  // True when the task had not begun: it never will.
  bool Remove(Ticket ticket);

  size_t queued() const;
  size_t running() const;

 private:
  void Run();

  const size_t threads_;
  const size_t max_queued_;
  mutable Mutex mutex_;
  CondVar work_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  Ticket next_ticket_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<Ticket, std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> workers_;  // touched by Start and Stop only
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_WORKER_POOL_H_

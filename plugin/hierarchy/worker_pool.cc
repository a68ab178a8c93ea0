#include "plugin/hierarchy/worker_pool.h"

#include <utility>

namespace signet {

void WorkerPool::Start() {
  workers_.reserve(threads_);
  while (workers_.size() < threads_) workers_.emplace_back([this] { Run(); });
}

void WorkerPool::Stop() {
  std::map<Ticket, std::function<void()>> dropped;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    work_.NotifyAll();
  }
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

WorkerPool::Ticket WorkerPool::Submit(std::function<void()> task) {
  MutexLock lock(mutex_);
  if (stopped_ || queue_.size() >= max_queued_) return 0;
  const Ticket ticket = next_ticket_++;
  queue_.emplace(ticket, std::move(task));
  work_.NotifyOne();
  return ticket;
}

bool WorkerPool::Remove(Ticket ticket) {
  std::function<void()> removed;
  MutexLock lock(mutex_);
  const auto found = queue_.find(ticket);
  if (found == queue_.end()) return false;
  removed = std::move(found->second);
  queue_.erase(found);
  return true;
}

size_t WorkerPool::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

size_t WorkerPool::running() const {
  MutexLock lock(mutex_);
  return running_;
}

bool WorkerPool::RunOne() {
  std::function<void()> task;
  {
    MutexLock lock(mutex_);
    if (stopped_ || queue_.empty()) return false;
    task = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
  }
  task();
  return true;
}

void WorkerPool::Run() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mutex_);
      while (!stopped_ && queue_.empty()) work_.Wait(mutex_);
      if (stopped_) return;
      task = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      ++running_;
    }
    task();
    task = nullptr;
    MutexLock lock(mutex_);
    --running_;
  }
}

}  // namespace signet

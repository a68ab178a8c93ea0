#include "plugin/hierarchy/timer_queue.h"

namespace signet {

void TimerQueue::Start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void TimerQueue::Stop() {
  std::map<Key, std::function<void()>> dropped;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    dropped.swap(due_);
    when_.clear();
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

TimerQueue::TimerId TimerQueue::Schedule(MonotonicTime when, std::function<void()> callback) {
  MutexLock lock(mutex_);
  if (stopped_) return 0;
  const TimerId id = next_id_++;
  const bool first = due_.empty() || when < due_.begin()->first.first;
  due_.emplace(Key{when, id}, std::move(callback));
  when_[id] = when;
  if (first) changed_.NotifyAll();
  return id;
}

void TimerQueue::Cancel(TimerId id) {
  std::function<void()> dropped;
  MutexLock lock(mutex_);
  const auto known = when_.find(id);
  if (known == when_.end()) return;
  const auto entry = due_.find(Key{known->second, id});
  dropped = std::move(entry->second);
  due_.erase(entry);
  when_.erase(known);
}

std::function<void()> TimerQueue::TakeFirst() {
  std::function<void()> callback = std::move(due_.begin()->second);
  when_.erase(due_.begin()->first.second);
  due_.erase(due_.begin());
  return callback;
}

bool TimerQueue::RunDue() {
  std::function<void()> callback;
  {
    MutexLock lock(mutex_);
    if (stopped_ || due_.empty() || clock_.Monotonic() < due_.begin()->first.first) return false;
    callback = TakeFirst();
  }
  callback();
  return true;
}

MonotonicTime TimerQueue::NextDue() const {
  MutexLock lock(mutex_);
  return due_.empty() ? absl::InfiniteDuration() : due_.begin()->first.first;
}

void TimerQueue::Run() {
  while (true) {
    std::function<void()> callback;
    {
      MutexLock lock(mutex_);
      while (!stopped_) {
        const MonotonicTime next = due_.empty() ? absl::InfiniteDuration() : due_.begin()->first.first;
        if (clock_.Monotonic() >= next) break;
        clock_.WaitUntil(mutex_, changed_, next);
      }
      if (stopped_) return;
      callback = TakeFirst();
    }
    callback();
  }
}

}  // namespace signet

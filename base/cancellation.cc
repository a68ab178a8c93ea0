#include "base/cancellation.h"

#include <utility>

namespace signet {

void CancellationToken::Cancel() {
  std::map<CallbackId, std::function<void()>> callbacks;
  {
    MutexLock lock(mutex_);
    if (cancelled_) return;
    cancelled_ = true;
    running_ = true;
    callbacks.swap(callbacks_);
  }
  for (auto& [id, callback] : callbacks) callback();
  // Before RemoveCallback may return: what a callback captured must not outlive that promise.
  callbacks.clear();
  MutexLock lock(mutex_);
  running_ = false;
  idle_.NotifyAll();
}

bool CancellationToken::cancelled() const {
  MutexLock lock(mutex_);
  return cancelled_;
}

CancellationToken::CallbackId CancellationToken::OnCancel(std::function<void()> callback) {
  {
    MutexLock lock(mutex_);
    if (!cancelled_) {
      const CallbackId id = next_id_++;
      callbacks_.emplace(id, std::move(callback));
      return id;
    }
  }
  callback();
  return 0;
}

void CancellationToken::RemoveCallback(CallbackId id) {
  // Destroyed after the lock is released: what a callback captured may run code of its own.
  std::map<CallbackId, std::function<void()>>::node_type removed;
  MutexLock lock(mutex_);
  removed = callbacks_.extract(id);
  while (removed.empty() && running_) idle_.Wait(mutex_);
}

}  // namespace signet

#include "kms_client/call_wait.h"

namespace signet::kms {

CancellationWakeup::CancellationWakeup(const CallContext& call, Mutex& mutex, CondVar& condition)
    : token_(call.cancellation) {
  if (token_ == nullptr) return;
  id_ = token_->OnCancel([&mutex, &condition] {
    // Under the lock, so that a waiter between its check and its sleep is not missed.
    MutexLock lock(mutex);
    condition.NotifyAll();
  });
}

CancellationWakeup::~CancellationWakeup() {
  if (token_ != nullptr) token_->RemoveCallback(id_);
}

bool IsCancelled(const CallContext& call) {
  return call.cancellation != nullptr && call.cancellation->cancelled();
}

absl::Status CheckCallAlive(const Clock& clock, const CallContext& call) {
  if (IsCancelled(call)) return absl::CancelledError("the caller is gone");
  if (clock.Monotonic() >= call.deadline) return absl::DeadlineExceededError("out of time");
  return absl::OkStatus();
}

absl::Status SleepUntil(const Clock& clock, const CallContext& call, MonotonicTime until) {
  Mutex mutex;
  CondVar condition;
  const CancellationWakeup wakeup(call, mutex, condition);
  MutexLock lock(mutex);
  while (clock.Monotonic() < until) {
    if (IsCancelled(call)) return absl::CancelledError("the caller is gone");
    clock.WaitUntil(mutex, condition, until);
  }
  return absl::OkStatus();
}

}  // namespace signet::kms

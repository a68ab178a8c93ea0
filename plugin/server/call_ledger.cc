#include "plugin/server/call_ledger.h"

namespace signet {

void CallLedger::AddPosted() {
  MutexLock lock(mutex_);
  ++posted_;
}

void CallLedger::RemovePosted() {
  MutexLock lock(mutex_);
  if (--posted_ == 0) changed_.NotifyAll();
}

bool CallLedger::Begin() {
  MutexLock lock(mutex_);
  ++total_;
  return ++in_flight_ <= max_in_flight_;
}

void CallLedger::End() {
  MutexLock lock(mutex_);
  if (--in_flight_ == 0) changed_.NotifyAll();
}

bool CallLedger::WaitUntilIdle(MonotonicTime deadline) {
  MutexLock lock(mutex_);
  while (in_flight_ > 0) {
    if (clock_.Monotonic() >= deadline) return false;
    clock_.WaitUntil(mutex_, changed_, deadline);
  }
  return true;
}

void CallLedger::WaitUntilUnposted() {
  MutexLock lock(mutex_);
  while (posted_ > 0) changed_.Wait(mutex_);
}

uint64_t CallLedger::in_flight() const {
  MutexLock lock(mutex_);
  return in_flight_;
}

uint64_t CallLedger::total() const {
  MutexLock lock(mutex_);
  return total_;
}

}  // namespace signet

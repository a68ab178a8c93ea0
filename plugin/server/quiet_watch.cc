#include "plugin/server/quiet_watch.h"

#include <grpc/support/time.h>

namespace signet {
namespace {

constexpr int64_t kLookMilliseconds = 5;
// Long for a machine, short for a stop: a caller with an answer in hand must get to its next call in it.
constexpr int kQuietLooks = 40;
constexpr int kMostLooks = 200;

}  // namespace

bool QuietWatch::Wait(MonotonicTime deadline) {
  MutexLock lock(mutex_);
  calls_ = ledger_.total();
  ledger_.AddPosted();
  Arm();
  while (!over_) {
    if (clock_.Monotonic() >= deadline) {
      over_ = true;
      break;
    }
    clock_.WaitUntil(mutex_, ended_, deadline);
  }
  return quiet_looks_ == kQuietLooks;
}

void QuietWatch::OnEvent(bool /*ok*/) {
  {
    MutexLock lock(mutex_);
    const uint64_t calls = ledger_.total();
    const bool is_quiet = calls == calls_ && ledger_.in_flight() == 0;
    calls_ = calls;
    ++looks_;
    quiet_looks_ = is_quiet ? quiet_looks_ + 1 : 0;
    if (!over_ && quiet_looks_ < kQuietLooks && looks_ < kMostLooks) return Arm();
    over_ = true;
    ended_.NotifyAll();
  }
  // Last: whoever waits for it may end this watch.
  ledger_.RemovePosted();
}

void QuietWatch::Arm() {
  alarm_.Set(
      &queue_,
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kLookMilliseconds, GPR_TIMESPAN)),
      static_cast<CompletionTag*>(this));
}

}  // namespace signet

#include "plugin/server/quiet_watch.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <cstdint>

namespace signet {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(5);
// Long for a machine, short for a stop: a caller with an answer in hand must get to its next call in it.
constexpr int kQuietLooks = 40;
constexpr int kMostLooks = 200;

}  // namespace

bool QuietWatch::Wait(MonotonicTime deadline) {
  uint64_t calls = ledger_.total();
  int quiet_looks = 0;
  for (int looks = 0; looks < kMostLooks && quiet_looks < kQuietLooks; ++looks) {
    if (!Look(deadline)) return false;
    const uint64_t calls_before = calls;
    calls = ledger_.total();
    quiet_looks = calls == calls_before && ledger_.in_flight() == 0 ? quiet_looks + 1 : 0;
  }
  return quiet_looks == kQuietLooks;
}

bool QuietWatch::Look(MonotonicTime deadline) {
  MutexLock lock(mutex_);
  // Time for the polling thread to look at the sockets.
  const MonotonicTime end = std::min(deadline, clock_.Monotonic() + kPause);
  while (clock_.Monotonic() < end) clock_.WaitUntil(mutex_, met_changed_, end);
  met_ = false;
  ledger_.AddPosted();
  alarm_.Set(&queue_, gpr_inf_past(GPR_CLOCK_MONOTONIC), static_cast<CompletionTag*>(this));
  while (!met_) {
    if (clock_.Monotonic() >= deadline) return false;
    clock_.WaitUntil(mutex_, met_changed_, deadline);
  }
  return true;
}

void QuietWatch::OnEvent(bool /*ok*/) {
  {
    MutexLock lock(mutex_);
    met_ = true;
    met_changed_.NotifyAll();
  }
  // Last: whoever waits for it may end this watch.
  ledger_.RemovePosted();
}

}  // namespace signet

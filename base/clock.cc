#include "base/clock.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace signet {
namespace {

absl::Duration ReadClock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return absl::DurationFromTimespec(now);
}

std::string ReadBootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  if (!id.empty()) return id;
  // Without /proc no two processes can be shown to share a boot, so each gets a name of its own.
  return absl::StrCat("unknown-", ::getpid(), "-", absl::GetCurrentTimeNanos());
}

class RealClock final : public Clock {
 public:
  RealClock() : boot_id_(ReadBootId()) {}

  MonotonicTime Monotonic() const override { return ReadClock(CLOCK_MONOTONIC); }
  absl::Duration BootTime() const override { return ReadClock(CLOCK_BOOTTIME); }
  absl::Time Wall() const override { return absl::Now(); }
  const std::string& BootId() const override { return boot_id_; }

  void WaitUntil(Mutex& mutex, CondVar& condition, MonotonicTime deadline) const override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (deadline == absl::InfiniteDuration()) {
      condition.Wait(mutex);
      return;
    }
    // Bounded so that a far deadline cannot overflow the wait; callers loop anyway.
    const absl::Duration left = std::min(deadline - Monotonic(), absl::Hours(1));
    if (left > absl::ZeroDuration()) {
      condition.WaitFor(mutex, absl::ToChronoNanoseconds(left));
    }
  }

 private:
  const std::string boot_id_;
};

}  // namespace

const Clock& SystemClock() {
  static const RealClock* const clock = new RealClock();
  return *clock;
}

}  // namespace signet

// CallBudget: how often a provider is asked within an hour without anybody's need. Not thread-safe; nothing
// blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_CALL_BUDGET_H_
#define SIGNET_PLUGIN_HIERARCHY_CALL_BUDGET_H_

#include <algorithm>
#include <cstddef>
#include <deque>

#include "absl/time/time.h"
#include "base/clock.h"

namespace signet {

class CallBudget {
 public:
  static constexpr absl::Duration kWindow = absl::Hours(1);

  // At most `calls` within any hour, as long as at most `owed` (fewer) of them had to be made: for those room
  // is kept, because they may come after all others.
  CallBudget(size_t calls, size_t owed) : calls_(calls), owed_(owed) {}

  // Takes one if there is one.
  bool Take(MonotonicTime now) {
    Forget(taken_, now);
    Forget(counted_, now);
    if (taken_.size() + std::max(counted_.size(), owed_) >= calls_) return false;
    taken_.push_back(now);
    return true;
  }
  // Counts one that had to be made.
  void Count(MonotonicTime now) {
    counted_.push_back(now);
    if (counted_.size() > 2 * calls_) counted_.pop_front();
  }

 private:
  static void Forget(std::deque<MonotonicTime>& calls, MonotonicTime now) {
    while (!calls.empty() && calls.front() + kWindow <= now) calls.pop_front();
  }

  const size_t calls_;
  const size_t owed_;
  std::deque<MonotonicTime> taken_;
  std::deque<MonotonicTime> counted_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_CALL_BUDGET_H_

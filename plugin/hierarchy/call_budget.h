// CallBudget: how often a provider is asked within an hour without anybody's need. Not thread-safe; nothing
// blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_CALL_BUDGET_H_
#define SIGNET_PLUGIN_HIERARCHY_CALL_BUDGET_H_

#include <cstddef>
#include <deque>

#include "absl/time/time.h"
#include "base/clock.h"

namespace signet {

class CallBudget {
 public:
  static constexpr absl::Duration kWindow = absl::Hours(1);

  // At most `calls` (at least 1) within any hour.
  explicit CallBudget(size_t calls) : calls_(calls) {}

  // Takes one if there is one.
  bool Take(MonotonicTime now) {
    while (!taken_.empty() && taken_.front() + kWindow <= now) taken_.pop_front();
    if (taken_.size() >= calls_) return false;
    taken_.push_back(now);
    return true;
  }
  // Counts one that had to be made.
  void Count(MonotonicTime now) {
    taken_.push_back(now);
    if (taken_.size() > 2 * calls_) taken_.pop_front();
  }

 private:
  const size_t calls_;
  std::deque<MonotonicTime> taken_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_CALL_BUDGET_H_

// ProblemBoard: what is wrong just now, each kind once, with the time since when. Thread-safe; nothing blocks
// beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_PROBLEM_BOARD_H_
#define SIGNET_PLUGIN_HIERARCHY_PROBLEM_BOARD_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/hierarchy_state.h"

namespace signet {

class ProblemBoard {
 public:
  // `clock` outlives the object.
  explicit ProblemBoard(const Clock& clock) : clock_(clock) {}

  // True when there was none of this kind. Another text of the same kind keeps its time.
  bool Set(absl::string_view kind, std::string text, std::string advice) {
    MutexLock lock(mutex_);
    for (HierarchyProblem& problem : problems_) {
      if (problem.kind != kind) continue;
      problem.text = std::move(text);
      problem.advice = std::move(advice);
      return false;
    }
    problems_.push_back({std::string(kind), std::move(text), std::move(advice), clock_.Wall()});
    return true;
  }
  // True when there was one.
  bool Clear(absl::string_view kind) {
    MutexLock lock(mutex_);
    const auto found = std::find_if(problems_.begin(), problems_.end(),
                                    [kind](const HierarchyProblem& problem) { return problem.kind == kind; });
    if (found == problems_.end()) return false;
    problems_.erase(found);
    return true;
  }
  // Oldest first.
  std::vector<HierarchyProblem> List() const {
    MutexLock lock(mutex_);
    return problems_;
  }

 private:
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<HierarchyProblem> problems_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_PROBLEM_BOARD_H_

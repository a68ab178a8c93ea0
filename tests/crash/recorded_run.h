// RecordedRun: a scenario that was recorded, every disk that a power cut could have left of it, and what the
// real daemon makes of those disks.
#ifndef SIGNET_TESTS_CRASH_RECORDED_RUN_H_
#define SIGNET_TESTS_CRASH_RECORDED_RUN_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "tests/crash/expectation.h"
#include "tests/crash/operation_log.h"
#include "tests/crash/scenario.h"
#include "tests/crash/timeline.h"

namespace signet::testing {

// What a lock file holds is a hint for people, and it is made again at every start: such files are left out
// of the crash states.
bool IsLockFile(const std::string& path);

class RecordedRun {
 public:
  // A crash state and its hash.
  using State = std::pair<std::string, const CrashState*>;

  // Records the scenario and builds its timeline. Blocks for some ten seconds.
  absl::Status Record();

  const Scenario& scenario() const { return scenario_; }
  // As recorded.
  const std::vector<Operation>& everything() const { return everything_; }
  // But those on lock files.
  const std::vector<Operation>& operations() const { return operations_; }
  // In which the journal's folder is never synced for the journal's sake: it promises nothing, and must not
  // cover for what does.
  const Timeline& timeline() const { return timeline_; }
  std::vector<State> States() const;

  // The syncs whose loss must show.
  const std::vector<SyncPoint>& promising_syncs() const { return promising_syncs_; }
  absl::StatusOr<Timeline> TimelineWithout(const SyncPoint& sync) const;
  // The states of `timeline` that are legal, or legal for longer, than in timeline(); known ones first.
  std::vector<State> NewStates(const Timeline& timeline);

  // Every broken promise of these states, as messages. Several daemons run at a time; with `first_only` it
  // stops soon after the first. A disk is looked at only once, however often it is judged.
  std::vector<std::string> Judge(const std::vector<State>& states, bool first_only);

  size_t daemon_starts() const;

 private:
  std::vector<std::string> JudgeOne(const State& state);
  Observation Look(const State& state);
  bool MustRun(const CrashState& state) const;

  Scenario scenario_;
  std::vector<Operation> everything_;
  std::vector<Operation> operations_;
  std::set<size_t> journal_syncs_;
  std::vector<SyncPoint> promising_syncs_;
  Timeline timeline_;

  mutable Mutex mutex_;
  std::map<std::string, Observation> observations_ ABSL_GUARDED_BY(mutex_);  // by ImageHash
  size_t daemon_starts_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_RECORDED_RUN_H_

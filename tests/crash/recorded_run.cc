#include "tests/crash/recorded_run.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/crash/node.h"

namespace signet::testing {
namespace {

constexpr int kParallelDaemons = 2;

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool IsJournal(const std::string& path) { return absl::StartsWith(NameOf(path), "journal"); }

// Of a folder in which only the journal changed.
bool IsJournalFolderSync(const SyncPoint& sync) {
  return sync.folder && std::all_of(sync.names.begin(), sync.names.end(), IsJournal);
}

bool IsOnStateFolder(const SyncPoint& sync) {
  return sync.folder && sync.target == absl::StrCat(kNodeFolder, "/state");
}

// Within `signetctl init`, which promises nothing before it ends, an earlier sync of a folder that is synced
// again.
bool IsRepeatedByInit(const SyncPoint& sync, const std::vector<SyncPoint>& syncs) {
  return sync.mark == kInitMark && std::any_of(syncs.begin(), syncs.end(), [&](const SyncPoint& later) {
           return later.mark == kInitMark && later.index > sync.index && later.target == sync.target;
         });
}

}  // namespace

bool IsLockFile(const std::string& path) {
  const std::string name = NameOf(path);
  return name == "lock" || absl::EndsWith(name, ".lock");
}

absl::Status RecordedRun::Record() {
  SIGNET_RETURN_IF_ERROR(scenario_.Record());
  SIGNET_ASSIGN_OR_RETURN(everything_, ReadOperationLog(scenario_.log()));
  operations_ = WithoutFiles(everything_, IsLockFile);
  SIGNET_ASSIGN_OR_RETURN(const std::vector<SyncPoint> syncs, FindSyncs(scenario_.root(), operations_));
  for (const SyncPoint& sync : syncs) {
    if (IsJournalFolderSync(sync)) {
      journal_syncs_.insert(sync.index);
    } else if ((!sync.folder && IsJournal(sync.target)) ||
               (IsOnStateFolder(sync) && scenario_.IsCleanStop(sync.mark))) {
      // The latter hands back reserved uses that were not needed: should it be lost, more count as used than
      // were.
      continue;
    } else if (!IsRepeatedByInit(sync, syncs)) {
      promising_syncs_.push_back(sync);
    }
  }
  SIGNET_ASSIGN_OR_RETURN(timeline_, BuildTimeline(scenario_.root(), operations_, journal_syncs_));
  return absl::OkStatus();
}

std::vector<RecordedRun::State> RecordedRun::States() const {
  std::vector<State> states;
  for (const auto& [hash, state] : timeline_.states) states.emplace_back(hash, &state);
  return states;
}

absl::StatusOr<Timeline> RecordedRun::TimelineWithout(const SyncPoint& sync) const {
  std::set<size_t> forgotten = journal_syncs_;
  forgotten.insert(sync.index);
  return BuildTimeline(scenario_.root(), operations_, forgotten);
}

std::vector<RecordedRun::State> RecordedRun::NewStates(const Timeline& timeline) {
  std::vector<State> known, unknown;
  MutexLock lock(mutex_);
  for (const auto& [hash, state] : timeline.states) {
    const auto base = timeline_.states.find(hash);
    const bool as_before =
        base != timeline_.states.end() && std::includes(base->second.marks.begin(), base->second.marks.end(),
                                                        state.marks.begin(), state.marks.end());
    if (as_before) continue;
    (observations_.count(hash) != 0 ? known : unknown).emplace_back(hash, &state);
  }
  known.insert(known.end(), unknown.begin(), unknown.end());
  return known;
}

std::vector<std::string> RecordedRun::Judge(const std::vector<State>& states, bool first_only) {
  std::atomic<size_t> next{0};
  std::atomic<bool> found{false};
  std::vector<std::string> messages;
  Mutex messages_mutex;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kParallelDaemons; ++worker) {
    workers.emplace_back([&] {
      for (size_t i = next++; i < states.size() && !(first_only && found); i = next++) {
        const std::vector<std::string> judged = JudgeOne(states[i]);
        if (judged.empty()) continue;
        found = true;
        MutexLock lock(messages_mutex);
        messages.insert(messages.end(), judged.begin(), judged.end());
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return messages;
}

std::vector<std::string> RecordedRun::JudgeOne(const State& state) {
  const Observation observation = Look(state);
  const CrashState& disk = *state.second;
  std::vector<std::string> messages;
  for (const size_t mark : disk.marks) {
    const Expectation& expectation = scenario_.expectations()[mark];
    for (const std::string& breach :
         Breaches(expectation, observation, scenario_.tuples(), scenario_.key_ids())) {
      messages.push_back(absl::StrCat(expectation.moment, ": ", breach, "\n    last possible after ",
                                      operations_[disk.last_operation].ToString(),
                                      "\n    disk: ", DescribeImage(disk.image)));
    }
  }
  return messages;
}

bool RecordedRun::MustRun(const CrashState& state) const {
  return std::any_of(state.marks.begin(), state.marks.end(),
                     [&](size_t mark) { return scenario_.expectations()[mark].running; });
}

Observation RecordedRun::Look(const State& state) {
  const bool start = MustRun(*state.second);
  {
    MutexLock lock(mutex_);
    const auto known = observations_.find(state.first);
    if (known != observations_.end() && (known->second.tried || !start)) return known->second;
  }
  Observation observation = Observe(state.second->image, scenario_.root(), scenario_.tuples(), start);
  MutexLock lock(mutex_);
  if (start) ++daemon_starts_;
  observations_[state.first] = observation;
  return observation;
}

size_t RecordedRun::daemon_starts() const {
  MutexLock lock(mutex_);
  return daemon_starts_;
}

}  // namespace signet::testing

// Timeline: the recorded run as the set of all disks that a power cut could have left, each with everything
// that had been promised when it could.
#ifndef SIGNET_TESTS_CRASH_TIMELINE_H_
#define SIGNET_TESTS_CRASH_TIMELINE_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/crash/image.h"
#include "tests/crash/operation_log.h"

namespace signet::testing {

struct CrashState {
  Image image;
  // The marks that were the last one when this state was legal. Every one of their promises binds.
  std::set<size_t> marks;
  size_t last_operation = 0;  // the last one after which it was legal, for messages
};

struct Timeline {
  std::map<std::string, CrashState> states;  // by ImageHash
  size_t operations = 0;                     // that changed the disk
  size_t enumerated = 0;                     // states, before equal ones were joined
  Image end;                                 // what the running system saw at last
};

// Replays `operations` below `root` and collects the crash states after each of them. `forgotten` is the
// index of a sync that is taken to have done nothing.
absl::StatusOr<Timeline> BuildTimeline(const std::string& root, const std::vector<Operation>& operations,
                                       const std::set<size_t>& forgotten = {});

// A sync of the run that made something durable.
struct SyncPoint {
  size_t index;        // in the operations
  std::string target;  // path below the root
  bool folder;
  std::set<std::string> names;  // of a folder: the names in it that it made durable
  size_t mark;                  // the last one before it
};
absl::StatusOr<std::vector<SyncPoint>> FindSyncs(const std::string& root,
                                                 const std::vector<Operation>& operations);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_TIMELINE_H_

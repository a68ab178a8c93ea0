#include "tests/crash/timeline.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/crash/crash_states.h"
#include "tests/crash/disk_model.h"

namespace signet::testing {
namespace {

absl::Status Replay(DiskModel& disk, const std::vector<Operation>& operations, size_t index) {
  const absl::Status applied = disk.Apply(operations[index]);
  if (applied.ok()) return applied;
  return absl::Status(applied.code(), absl::StrCat("operation ", index, ": ", applied.message()));
}

}  // namespace

absl::StatusOr<Timeline> BuildTimeline(const std::string& root, const std::vector<Operation>& operations,
                                       const std::set<size_t>& forgotten) {
  Timeline timeline;
  DiskModel disk(root);
  size_t mark = 0;
  std::vector<CrashState*> legal;  // after the last operation
  const auto enumerate = [&](size_t index) {
    std::set<CrashState*> found;
    for (Image& image : CrashStates(disk)) {
      ++timeline.enumerated;
      CrashState& state = timeline.states[ImageHash(image)];
      if (state.marks.empty()) state.image = std::move(image);
      state.marks.insert(mark);
      state.last_operation = index;
      found.insert(&state);
    }
    legal.assign(found.begin(), found.end());
  };
  enumerate(0);
  for (size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind == OperationKind::kMark) {
      mark = operations[i].offset;
      for (CrashState* state : legal) state->marks.insert(mark);
      continue;
    }
    ++timeline.operations;
    if (forgotten.count(i) != 0) continue;
    SIGNET_RETURN_IF_ERROR(Replay(disk, operations, i));
    enumerate(i);
  }
  timeline.end = disk.Current();
  return timeline;
}

absl::StatusOr<std::vector<SyncPoint>> FindSyncs(const std::string& root,
                                                 const std::vector<Operation>& operations) {
  std::vector<SyncPoint> syncs;
  DiskModel disk(root);
  size_t mark = 0;
  for (size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind == OperationKind::kMark) mark = operations[i].offset;
    const std::optional<DiskModel::SyncEffect> effect = disk.EffectOf(operations[i]);
    if (effect.has_value() && (effect->data || !effect->names.empty())) {
      syncs.push_back({i, effect->target, effect->folder, effect->names, mark});
    }
    SIGNET_RETURN_IF_ERROR(Replay(disk, operations, i));
  }
  return syncs;
}

}  // namespace signet::testing

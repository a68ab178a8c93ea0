// StateStore: the one durable file of the state directory. What Current() shows is on the disk.
//
// Thread-safe. Current() does not block; Update() blocks on the disk and on other updates, with no lock held
// that Current() needs.
#ifndef SIGNET_PLUGIN_HIERARCHY_STATE_STORE_H_
#define SIGNET_PLUGIN_HIERARCHY_STATE_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "base/mutex.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/hierarchy/state_format.h"

namespace signet {

// A state as it was at one moment. Keeps it alive, so it is named before it is looked into: a reference into
// a temporary would dangle at the next Update.
class StateView {
 public:
  explicit StateView(std::shared_ptr<const PersistentState> state) : state_(std::move(state)) {}
  const PersistentState& operator*() const& { return *state_; }
  const PersistentState* operator->() const& { return state_.get(); }
  void operator*() const&& = delete;
  void operator->() const&& = delete;

 private:
  std::shared_ptr<const PersistentState> state_;
};

class StateStore {
 public:
  // Reads `<directory>/state`; the caller holds the directory's lock. A file that is torn, foreign or cannot
  // be read is renamed to `state.bad-<unix seconds>[-n]`, reported to `observer` as "state", and an empty
  // state takes its place; nothing is ever deleted. FAILED_PRECONDITION: written by a newer signetd;
  // PERMISSION_DENIED: unreadable, or its group or others have access. `clock`, `files` and `observer`
  // outlive the object.
  static absl::StatusOr<std::unique_ptr<StateStore>> Open(const std::string& directory, const Clock& clock,
                                                          DurableFiles& files, HierarchyObserver& observer);

  // The last state that is certainly on the disk.
  StateView Current() const;

  // This moment, for limits that hold across restarts.
  TimeMark Now() const;

  // Applies `change` to a copy of the current state and makes it durable; only then Current() shows it.
  // Returns OK without writing when `change` returns false. After an error (as DurableFiles::Replace;
  // INVALID_ARGUMENT: out of bounds) the file may hold either state, and Current() shows the old one.
  absl::Status Update(const std::function<bool(PersistentState&)>& change);

 private:
  StateStore(std::string directory, const Clock& clock, DurableFiles& files);

  // Renames a bad file away; OK when there is none left in the way.
  absl::Status SetAside();
  absl::Status Write(const PersistentState& state);

  const std::string directory_;
  const std::string path_;
  const Clock& clock_;
  DurableFiles& files_;

  mutable Mutex mutex_;
  CondVar idle_;
  bool updating_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const PersistentState> current_ ABSL_GUARDED_BY(mutex_);
  // Touched by Open and by the one update in progress.
  bool must_set_aside_ = false;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_STATE_STORE_H_

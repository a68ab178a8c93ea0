#include "plugin/hierarchy/state_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet {

StateStore::StateStore(std::string directory, const Clock& clock, DurableFiles& files)
    : directory_(std::move(directory)),
      path_(absl::StrCat(directory_, "/state")),
      clock_(clock),
      files_(files),
      current_(std::make_shared<PersistentState>()) {}

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(const std::string& directory, const Clock& clock,
                                                             DurableFiles& files,
                                                             HierarchyObserver& observer) {
  std::unique_ptr<StateStore> store(new StateStore(directory, clock, files));
  const absl::StatusOr<std::string> bytes =
      files.Read(store->path_, {kMaxStateBytes, /*must_be_private=*/true});
  if (absl::IsNotFound(bytes.status())) return store;
  if (absl::IsPermissionDenied(bytes.status())) return bytes.status();

  absl::Status problem = bytes.status();
  if (bytes.ok()) {
    absl::StatusOr<PersistentState> state = DecodeState(*bytes);
    if (state.ok()) {
      MutexLock lock(store->mutex_);
      store->current_ = std::make_shared<PersistentState>(*std::move(state));
      return store;
    }
    problem = absl::Status(state.status().code(), absl::StrCat(store->path_, ": ", state.status().message()));
    if (absl::IsFailedPrecondition(problem)) return problem;
  }
  observer.OnStateProblem("state", problem);
  store->must_set_aside_ = true;
  // Not fatal: Update tries again, and writes nothing over the bad file before it is away.
  if (absl::Status aside = store->SetAside(); !aside.ok()) observer.OnStateProblem("state", aside);
  return store;
}

StateView StateStore::Current() const {
  MutexLock lock(mutex_);
  return StateView(current_);
}

TimeMark StateStore::Now() const {
  MutexLock lock(mutex_);
  return MarkNow(clock_, current_->last_write);
}

absl::Status StateStore::SetAside() {
  if (!must_set_aside_) return absl::OkStatus();
  const std::string base = absl::StrCat(path_, ".bad-", absl::ToUnixSeconds(clock_.Wall()));
  std::string target = base;
  for (int i = 1; ::access(target.c_str(), F_OK) == 0; ++i) target = absl::StrCat(base, "-", i);
  if (std::rename(path_.c_str(), target.c_str()) != 0 && errno != ENOENT) {
    return absl::UnavailableError(
        absl::StrCat("cannot rename ", path_, " to ", target, ": ", ::strerrordesc_np(errno)));
  }
  must_set_aside_ = false;
  return absl::OkStatus();
}

absl::Status StateStore::Write(const PersistentState& state) {
  SIGNET_RETURN_IF_ERROR(SetAside());
  SIGNET_ASSIGN_OR_RETURN(const std::string bytes, EncodeState(state));
  return files_.Replace(path_, bytes, 0600);
}

absl::Status StateStore::Update(const std::function<bool(PersistentState&)>& change) {
  std::shared_ptr<PersistentState> next;
  {
    MutexLock lock(mutex_);
    while (updating_) idle_.Wait(mutex_);
    updating_ = true;
    next = std::make_shared<PersistentState>(*current_);
  }
  absl::Status status;
  const bool changed = change(*next);
  if (changed) {
    next->last_write = MarkNow(clock_, next->last_write);
    status = Write(*next);
  }
  MutexLock lock(mutex_);
  updating_ = false;
  if (changed && status.ok()) current_ = std::move(next);
  idle_.NotifyOne();
  return status;
}

}  // namespace signet

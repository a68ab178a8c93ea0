#include "plugin/hierarchy/write_gate.h"

#include <utility>

#include "base/status_macros.h"
#include "base/unshared_status.h"

namespace signet {

absl::Status WriteGate::UsedUp() {
  return absl::UnavailableError("the local key is used up and not renewed yet");
}

void WriteGate::SetStop(absl::Status status) {
  MutexLock lock(mutex_);
  stop_ = std::move(status);
}

absl::StatusOr<std::shared_ptr<const PublishedKey>> WriteGate::Enter() const {
  {
    MutexLock lock(mutex_);
    if (!stop_.ok()) return UnsharedCopy(stop_);
  }
  std::shared_ptr<const PublishedKey> published = slot_.Get();
  if (published == nullptr) {
    const absl::Status problem = slot_.problem();
    return problem.ok() ? absl::UnavailableError("no active key yet") : problem;
  }
  const absl::Duration now = clock_.BootTime();
  if (now >= published->expires_at) {
    return absl::UnavailableError("the local key is past its lifetime and could not be renewed");
  }
  if (now >= offline_.ends_at()) {
    return absl::FailedPreconditionError("the KMS has been away for longer than offline_limit");
  }
  return published;
}

absl::StatusOr<std::shared_ptr<const PublishedKey>> WriteGate::Look() const {
  SIGNET_ASSIGN_OR_RETURN(std::shared_ptr<const PublishedKey> published, Enter());
  if (!published->uses->Usable()) return UsedUp();
  return published;
}

}  // namespace signet

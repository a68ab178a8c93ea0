// ActiveKeySlot: where the active snapshot is published. Status and Encrypt take it from here in one step.
//
// Thread-safe; nothing blocks beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_ACTIVE_KEY_SLOT_H_
#define SIGNET_PLUGIN_HIERARCHY_ACTIVE_KEY_SLOT_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/unshared_status.h"
#include "plugin/hierarchy/active_key.h"
#include "plugin/hierarchy/key_plan.h"
#include "plugin/hierarchy/use_counter.h"

namespace signet {

// The snapshot with its limits. Immutable but for the counter.
struct PublishedKey {
  std::shared_ptr<const ActiveKey> key;
  std::shared_ptr<UseCounter> uses;
  KeyPlan plan;  // under which it is announced
  // By which version each provider wrapped it; empty for one that was read back.
  std::map<std::string, kms::RemoteVersion> wrapped_under;
  // Of Clock::BootTime(), which suspended machines and clocks set back do not lengthen.
  absl::Duration renew_at;
  absl::Duration expires_at;
};

class ActiveKeySlot {
 public:
  // Null until there is one.
  std::shared_ptr<const PublishedKey> Get() const {
    MutexLock lock(mutex_);
    return published_;
  }
  void Publish(std::shared_ptr<const PublishedKey> published) {
    MutexLock lock(mutex_);
    published_.swap(published);
    problem_ = absl::OkStatus();
  }

  // No key serves from now on; `problem` is why.
  void Retract(absl::Status problem) {
    std::shared_ptr<const PublishedKey> retracted;
    MutexLock lock(mutex_);
    published_.swap(retracted);
    problem_ = std::move(problem);
  }

  // Why Encrypt does not work while it does not; safe to show to API clients.
  absl::Status problem() const {
    MutexLock lock(mutex_);
    return UnsharedCopy(problem_);
  }
  void SetProblem(absl::Status problem) {
    MutexLock lock(mutex_);
    problem_ = std::move(problem);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const PublishedKey> published_ ABSL_GUARDED_BY(mutex_);
  absl::Status problem_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_ACTIVE_KEY_SLOT_H_

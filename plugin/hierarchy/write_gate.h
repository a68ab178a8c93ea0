// WriteGate: whether Encrypt may use the active key just now, in one place, so that Status and Encrypt never
// disagree.
//
// Thread-safe; nothing blocks beyond a short lock.
#ifndef SIGNET_PLUGIN_HIERARCHY_WRITE_GATE_H_
#define SIGNET_PLUGIN_HIERARCHY_WRITE_GATE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/active_key_slot.h"
#include "plugin/hierarchy/offline_limit.h"

namespace signet {

class WriteGate {
 public:
  // All outlive the object.
  WriteGate(const ActiveKeySlot& slot, const OfflineLimit& offline, const Clock& clock)
      : slot_(slot), offline_(offline), clock_(clock) {}

  // The published key, whose counter is still to be asked. Errors are safe to show to API clients:
  // UNAVAILABLE: no key yet, or past its lifetime; FAILED_PRECONDITION: revoked, or past offline_limit;
  // PERMISSION_DENIED: denied.
  absl::StatusOr<std::shared_ptr<const PublishedKey>> Enter() const;
  // The same with the counter looked at: what Status says.
  absl::StatusOr<std::shared_ptr<const PublishedKey>> Look() const;
  static absl::Status UsedUp();

  // Writes stop with `status`, whatever key is there; OK lets them go on.
  void SetStop(absl::Status status);

 private:
  const ActiveKeySlot& slot_;
  const OfflineLimit& offline_;
  const Clock& clock_;
  mutable Mutex mutex_;
  absl::Status stop_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_WRITE_GATE_H_

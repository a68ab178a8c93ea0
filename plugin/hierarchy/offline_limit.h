// OfflineLimit: how long Encrypt may go on without the KMS, counted from the last remote Wrap or Unwrap that
// succeeded under the announced version, across restarts.
//
// Thread-safe. Passed and ends_at are one atomic read; Succeeded may block on the disk.
#ifndef SIGNET_PLUGIN_HIERARCHY_OFFLINE_LIMIT_H_
#define SIGNET_PLUGIN_HIERARCHY_OFFLINE_LIMIT_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/hierarchy/state_store.h"

namespace signet {

class OfflineLimit {
 public:
  // Both references outlive the object. Counts from the success in the state, from now where there is none.
  OfflineLimit(absl::Duration limit, StateStore& store, const Clock& clock);

  // The KMS answered. Written down once an hour, or a twentieth of the limit if that is less; a restart then
  // counts at most that much too early. An error is the disk's; the process remembers all the same.
  absl::Status Succeeded();

  // In Clock::BootTime(), which runs while a machine is suspended.
  absl::Duration ends_at() const { return absl::Nanoseconds(ends_at_ns_.load(std::memory_order_relaxed)); }
  bool Passed() const { return clock_.BootTime() >= ends_at(); }

 private:
  void Set(absl::Duration ends_at) {
    ends_at_ns_.store(absl::ToInt64Nanoseconds(ends_at), std::memory_order_relaxed);
  }

  const absl::Duration limit_;
  StateStore& store_;
  const Clock& clock_;
  std::atomic<int64_t> ends_at_ns_{0};
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_OFFLINE_LIMIT_H_

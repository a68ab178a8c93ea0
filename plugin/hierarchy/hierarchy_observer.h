// HierarchyObserver: what the hierarchy tells the world about itself. It never logs; plugin/observability
// does. Called from any thread, outside locks where it matters, never with secrets; implementations do not
// block.
#ifndef SIGNET_PLUGIN_HIERARCHY_HIERARCHY_OBSERVER_H_
#define SIGNET_PLUGIN_HIERARCHY_HIERARCHY_OBSERVER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plugin/hierarchy/active_key.h"
#include "plugin/hierarchy/key_event.h"

namespace signet {

class HierarchyObserver {
 public:
  enum class RemoteOperation { kDescribe, kWrap, kUnwrap, kRotate };
  enum class CacheEvent { kHit, kMiss, kJoinedFlight, kNegativeHit, kEviction };

  virtual ~HierarchyObserver() = default;

  // A snapshot was published; `reason` is a constant: "stored record", "first key", "renewal", ….
  virtual void OnActivated(const ActiveKey& /*key*/, absl::string_view /*reason*/) {}
  // An attempt to obtain or renew the active key failed and will be tried again in `retry_in`.
  virtual void OnActivationFailed(const absl::Status& /*status*/, absl::Duration /*retry_in*/) {}
  virtual void OnRemoteCall(absl::string_view /*provider*/, RemoteOperation, const absl::Status& /*status*/,
                            absl::Duration /*latency*/, absl::string_view /*uid*/) {}
  virtual void OnCache(CacheEvent) {}
  // A state file could not be read or written; `what` is a constant: "state", "journal".
  virtual void OnStateProblem(absl::string_view /*what*/, const absl::Status& /*status*/) {}
  // The background read-ahead of journalled records ended.
  virtual void OnPrewarmed(size_t /*unwrapped*/, size_t /*failed*/) {}
  // Every event, in their order, one at a time.
  virtual void OnEvent(const KeyEvent& /*event*/) {}
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_HIERARCHY_OBSERVER_H_

// AdminServer: the operator's API on a socket of its own. Every call is reported to the observer with the
// caller's uid and pid; a caller who is not allowed is told PERMISSION_DENIED.
#ifndef SIGNET_PLUGIN_SERVER_ADMIN_SERVER_H_
#define SIGNET_PLUGIN_SERVER_ADMIN_SERVER_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/hierarchy/key_control.h"
#include "plugin/server/unix_listener.h"
#include "plugin/service/rpc_observer.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet {

struct AdminServerOptions {
  std::vector<uid_t> allowed_uids = {0};  // besides our own
  // Of WatchEvents.
  size_t max_watchers = 8;
  absl::Duration heartbeat = absl::Seconds(10);
  absl::Duration write_timeout = absl::Seconds(30);
};

// What the API shows and does. Neither function may block.
struct AdminHandlers {
  using ReloadCallback = std::function<void(absl::StatusOr<admin::v1::ReloadConfigResponse>)>;

  // Fills the answer of GetState; on the admin thread.
  std::function<void(admin::v1::GetStateResponse&)> state;
  // Calls back once, from any thread, even after the server's end; or never, if the process ends before.
  std::function<void(ReloadCallback)> reload;
  KeyControl& keys;
};

class AdminServer {
 public:
  // All references outlive the server. INTERNAL: gRPC could not be set up; RESOURCE_EXHAUSTED: no
  // descriptors.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Create(const AdminServerOptions& options,
                                                             std::unique_ptr<UnixListener> listener,
                                                             AdminHandlers handlers, RpcObserver& observer,
                                                             const Clock& clock);
  virtual ~AdminServer() = default;

  virtual void Start() = 0;
  // Ends the watchers and waits for the calls in flight for `grace`; what still runs then is answered
  // CANCELLED.
  virtual void Stop(absl::Duration grace) = 0;
  // See AcceptLoop::SetAllowedUids. Thread-safe.
  virtual void SetAllowedUids(std::vector<uid_t> uids) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_ADMIN_SERVER_H_

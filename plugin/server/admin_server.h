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
#include "plugin/server/unix_listener.h"
#include "plugin/service/rpc_observer.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet {

struct AdminServerOptions {
  std::vector<uid_t> allowed_uids = {0};  // besides our own
};

class AdminServer {
 public:
  // Fills the answer of GetState; on the admin thread, must not block.
  using StateSource = std::function<void(admin::v1::GetStateResponse&)>;

  // All references outlive the server. INTERNAL: gRPC could not be set up; RESOURCE_EXHAUSTED: no
  // descriptors.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Create(const AdminServerOptions& options,
                                                             std::unique_ptr<UnixListener> listener,
                                                             StateSource state, RpcObserver& observer,
                                                             const Clock& clock);
  virtual ~AdminServer() = default;

  virtual void Start() = 0;
  virtual void Stop(absl::Duration grace) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_ADMIN_SERVER_H_

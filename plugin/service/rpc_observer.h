// RpcObserver: what the edge tells the world about callers and calls. It never logs; plugin/observability
// does. Called from any thread, often from the one that serves every call: implementations do not block.
#ifndef SIGNET_PLUGIN_SERVICE_RPC_OBSERVER_H_
#define SIGNET_PLUGIN_SERVICE_RPC_OBSERVER_H_

#include <sys/types.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet {

// The process at the other end of a connection, as the kernel knew it when it connected (SO_PEERCRED).
struct PeerCredentials {
  static constexpr uid_t kUnknownUid = 65534;  // also what an unmapped user namespace shows

  pid_t pid = 0;  // 0: in another pid namespace, or unknown
  uid_t uid = kUnknownUid;
  gid_t gid = kUnknownUid;
};

// One finished call. Views end with OnCall.
struct RpcCall {
  absl::string_view api;     // "kms", "admin"
  absl::string_view method;  // "Status", …
  const absl::Status& status;
  absl::Duration duration;
  // Untrusted text, of any length and any bytes: to be cut, escaped or hashed by whoever shows it.
  absl::string_view uid;
  absl::string_view key_id;
  // Looked up only when asked for.
  absl::FunctionRef<PeerCredentials()> peer;
};

class RpcObserver {
 public:
  enum class ConnectionRefusal { kTooMany, kNoPreface, kNotHttp2, kOutOfDescriptors };

  virtual ~RpcObserver() = default;

  virtual void OnCall(const RpcCall& /*call*/) {}
  // A call that may last begins; OnCall follows at its end.
  virtual void OnStreamOpened(absl::string_view /*api*/, absl::string_view /*method*/,
                              const PeerCredentials& /*peer*/) {}
  // A peer that is not on the socket's allow-list.
  virtual void OnPeerRefused(absl::string_view /*api*/, const PeerCredentials& /*peer*/) {}
  virtual void OnConnectionRefused(absl::string_view /*api*/, ConnectionRefusal,
                                   const PeerCredentials& /*peer*/) {}
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVICE_RPC_OBSERVER_H_

// KmsServer: the KMS v2 API on its socket. Translates between protobuf and KmsService, and nothing else.
//
// Status and Encrypt are answered on the polling thread, Decrypt from whichever thread has its answer.
// While draining, Status is answered until the last call ends; Encrypt and Decrypt are UNAVAILABLE.
#ifndef SIGNET_PLUGIN_SERVER_KMS_SERVER_H_
#define SIGNET_PLUGIN_SERVER_KMS_SERVER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/server/unix_listener.h"
#include "plugin/service/kms_service.h"
#include "plugin/service/rpc_observer.h"

namespace signet {

struct KmsServerOptions {
  std::vector<uid_t> allowed_uids = {0};  // besides our own
  size_t max_connections = 64;
  size_t max_calls_in_flight = 1024;
  absl::Duration preface_timeout = absl::Seconds(5);
};

struct KmsServerState {
  std::string path;
  uint64_t connections = 0;
  uint64_t max_connections = 0;
  uint64_t rejected_peers = 0;
  uint64_t rejected_connections = 0;
  uint64_t calls_in_flight = 0;
  uint64_t calls = 0;
};

class KmsServer {
 public:
  // All references outlive the server. INTERNAL: gRPC could not be set up; RESOURCE_EXHAUSTED: no
  // descriptors.
  static absl::StatusOr<std::unique_ptr<KmsServer>> Create(const KmsServerOptions& options,
                                                           std::unique_ptr<UnixListener> listener,
                                                           KmsService& service, RpcObserver& observer,
                                                           const Clock& clock);
  virtual ~KmsServer() = default;

  virtual void Start() = 0;
  // Drains: see CompletionQueueServer::Stop. Blocks for `grace` and as long as a cancelled Decrypt takes.
  virtual void Stop(absl::Duration grace) = 0;
  // The rest is thread-safe and does not block.
  virtual KmsServerState State() const = 0;
  // See AcceptLoop::SetAllowedUids.
  virtual void SetAllowedUids(std::vector<uid_t> uids) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_KMS_SERVER_H_

// RemoteCallObserver: what KMS clients tell the world about each attempt to reach their KMS. They never log;
// plugin/observability does. Called from any thread, outside locks, never with secrets; implementations do
// not block.
#ifndef SIGNET_KMS_CLIENT_REMOTE_CALL_OBSERVER_H_
#define SIGNET_KMS_CLIENT_REMOTE_CALL_OBSERVER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::kms {

enum class RemoteOperation { kDescribe, kWrap, kUnwrap, kRotate };
absl::string_view RemoteOperationName(RemoteOperation operation);

class RemoteCallObserver {
 public:
  virtual ~RemoteCallObserver() = default;

  // One attempt ended; a call has several where it was retried. The failure class in `status` tells
  // throttling (failure_class.h). `latency` is that of the attempt alone, without waiting before it.
  virtual void OnAttempt(absl::string_view /*provider*/, RemoteOperation /*operation*/,
                         const absl::Status& /*status*/, absl::Duration /*latency*/) {}
  // The circuit breaker began to refuse calls, or lets them through again.
  virtual void OnCircuit(absl::string_view /*provider*/, bool /*open*/) {}
  // Credentials were obtained or renewed (OK), or could not be. `what` is a constant: "login", "renewal", ….
  virtual void OnCredentials(absl::string_view /*provider*/, absl::string_view /*what*/,
                             const absl::Status& /*status*/) {}
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_REMOTE_CALL_OBSERVER_H_

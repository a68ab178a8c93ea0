// LogObserver: turns what hierarchy, edge and keyring report into log lines. Names a key_id by its hash, as
// kube-apiserver's metrics do; cuts and escapes the uid. Keys, plaintexts and ciphertexts never reach it.
//
// A call that succeeded is a debug line, one that failed an info or warning line, limited in number; a call
// on the admin socket is an info line whatever came of it. Thread-safe; blocks as Log does.
#ifndef SIGNET_PLUGIN_OBSERVABILITY_LOG_OBSERVER_H_
#define SIGNET_PLUGIN_OBSERVABILITY_LOG_OBSERVER_H_

#include "base/clock.h"
#include "kms_client/local/keyring_observer.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/hierarchy/hierarchy_observer.h"
#include "plugin/observability/log.h"
#include "plugin/observability/rate_limiter.h"
#include "plugin/service/rpc_observer.h"

namespace signet {

class LogObserver final : public HierarchyObserver,
                          public RpcObserver,
                          public kms::KeyringObserver,
                          public kms::RemoteCallObserver {
 public:
  // Both outlive the observer.
  LogObserver(Log& log, const Clock& clock) : log_(log), failures_({}, clock) {}

  void OnActivated(const ActiveKey& key, absl::string_view reason) override;
  void OnActivationFailed(const absl::Status& status, absl::Duration retry_in) override;
  void OnRemoteCall(absl::string_view provider, RemoteOperation operation, const absl::Status& status,
                    absl::Duration latency, absl::string_view uid) override;
  void OnStateProblem(absl::string_view what, const absl::Status& status) override;
  void OnPrewarmed(size_t unwrapped, size_t failed) override;
  void OnEvent(const KeyEvent& event) override;

  void OnCall(const RpcCall& call) override;
  void OnStreamOpened(absl::string_view api, absl::string_view method, const PeerCredentials& peer) override;
  void OnPeerRefused(absl::string_view api, const PeerCredentials& peer) override;
  void OnConnectionRefused(absl::string_view api, ConnectionRefusal reason,
                           const PeerCredentials& peer) override;

  void OnKeyringReloaded(absl::string_view path, uint64_t revision) override;
  void OnKeyringVersionActivated(absl::string_view path, uint32_t number) override;
  void OnKeyringProblem(absl::string_view path, const absl::Status& status) override;

  void OnAttempt(absl::string_view provider, kms::RemoteOperation operation, const absl::Status& status,
                 absl::Duration latency) override;
  void OnCircuit(absl::string_view provider, bool open) override;
  void OnCredentials(absl::string_view provider, absl::string_view what, const absl::Status& status) override;

 private:
  Log& log_;
  RateLimiter failures_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_OBSERVABILITY_LOG_OBSERVER_H_

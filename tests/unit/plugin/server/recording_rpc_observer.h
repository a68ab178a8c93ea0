// RecordingRpcObserver: what the edge told the world, for a test to read. Thread-safe.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_SERVER_RECORDING_RPC_OBSERVER_H_
#define SIGNET_TESTS_UNIT_PLUGIN_SERVER_RECORDING_RPC_OBSERVER_H_

#include <string>
#include <vector>

#include "base/mutex.h"
#include "plugin/service/rpc_observer.h"

namespace signet::testing {

class RecordingRpcObserver final : public RpcObserver {
 public:
  struct Call {
    std::string api;
    std::string method;
    absl::StatusCode code;
    absl::Duration duration;
    std::string uid;
    std::string key_id;
    PeerCredentials peer;
  };

  void OnCall(const RpcCall& call) override {
    const PeerCredentials peer = call.peer();
    MutexLock lock(mutex_);
    calls_.push_back({std::string(call.api), std::string(call.method), call.status.code(), call.duration,
                      std::string(call.uid), std::string(call.key_id), peer});
  }
  void OnStreamOpened(absl::string_view, absl::string_view method, const PeerCredentials& peer) override {
    MutexLock lock(mutex_);
    streams_.push_back({"", std::string(method), absl::StatusCode::kOk, {}, "", "", peer});
  }
  void OnPeerRefused(absl::string_view, const PeerCredentials& peer) override {
    MutexLock lock(mutex_);
    refused_peers_.push_back(peer);
  }
  void OnConnectionRefused(absl::string_view, ConnectionRefusal reason, const PeerCredentials&) override {
    MutexLock lock(mutex_);
    refusals_.push_back(reason);
  }

  std::vector<Call> calls() const {
    MutexLock lock(mutex_);
    return calls_;
  }
  // Opened; only method and peer are set.
  std::vector<Call> streams() const {
    MutexLock lock(mutex_);
    return streams_;
  }
  std::vector<PeerCredentials> refused_peers() const {
    MutexLock lock(mutex_);
    return refused_peers_;
  }
  std::vector<ConnectionRefusal> refusals() const {
    MutexLock lock(mutex_);
    return refusals_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<Call> streams_ ABSL_GUARDED_BY(mutex_);
  std::vector<Call> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<PeerCredentials> refused_peers_ ABSL_GUARDED_BY(mutex_);
  std::vector<ConnectionRefusal> refusals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_UNIT_PLUGIN_SERVER_RECORDING_RPC_OBSERVER_H_

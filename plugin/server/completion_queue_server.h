// CompletionQueueServer: a gRPC server without a port: one completion queue, one thread that polls it, and
// connections that an AcceptLoop hands over. Serves the methods it is given (unary_method.h,
// server_stream_method.h).
//
// Not thread-safe but for what says so. Start once, Stop once.
#ifndef SIGNET_PLUGIN_SERVER_COMPLETION_QUEUE_SERVER_H_
#define SIGNET_PLUGIN_SERVER_COMPLETION_QUEUE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/server/accept_loop.h"
#include "plugin/server/call_ledger.h"
#include "plugin/server/completion_tag.h"
#include "plugin/server/peer_table.h"
#include "plugin/server/quiet_watch.h"
#include "plugin/server/unix_listener.h"
#include "plugin/service/rpc_observer.h"

namespace signet {

// A served method, as the server sees it.
class ServedMethod {
 public:
  virtual ~ServedMethod() = default;
  // Makes the first call object known to gRPC; called before the polling thread starts.
  virtual void PostFirst() = 0;
  // Calls that would go on for as long as their caller likes end now. On the thread that stops the server;
  // must not block.
  virtual void OnDrain() {}
};

struct CompletionQueueServerOptions {
  AcceptLoopOptions accept;
  size_t max_calls_in_flight = 1024;  // over all connections; a further call is RESOURCE_EXHAUSTED
};

class CompletionQueueServer {
 public:
  // Registers `service`, which like all references outlives the server. INTERNAL: gRPC or the accept loop
  // could not be set up.
  static absl::StatusOr<std::unique_ptr<CompletionQueueServer>> Create(CompletionQueueServerOptions options,
                                                                       grpc::Service& service,
                                                                       std::unique_ptr<UnixListener> listener,
                                                                       RpcObserver& observer,
                                                                       const Clock& clock);
  ~CompletionQueueServer();
  CompletionQueueServer(const CompletionQueueServer&) = delete;
  CompletionQueueServer& operator=(const CompletionQueueServer&) = delete;

  void AddMethod(std::unique_ptr<ServedMethod> method) { methods_.push_back(std::move(method)); }
  void Start();

  // Refuses new connections at once; methods then see draining(). Waits for the calls in flight for at most
  // `grace`, cancels what is left, waits until every handler has answered (so a handler must honour
  // cancellation) and joins the threads. Blocks. Idempotent.
  void Stop(absl::Duration grace);

  // The rest is thread-safe and does not block.
  bool draining() const { return draining_; }
  // No new call objects may be made known to gRPC.
  bool closing() const { return closing_; }
  grpc::ServerCompletionQueue& queue() { return *queue_; }
  CallLedger& ledger() { return ledger_; }
  const CallLedger& ledger() const { return ledger_; }
  RpcObserver& observer() { return observer_; }
  const Clock& clock() const { return clock_; }
  const std::string& api() const { return api_; }
  const std::string& socket_path() const { return listener_->path(); }
  size_t max_connections() const { return max_connections_; }
  // See AcceptLoop::SetAllowedUids.
  void SetAllowedUids(std::vector<uid_t> uids) { accept_loop_->SetAllowedUids(std::move(uids)); }
  // Not allowed, and without credentials, once the connection ended.
  Peer PeerOf(const grpc::ServerContext& context) const;
  ConnectionCounts connections() const { return accept_loop_->counts(); }

 private:
  CompletionQueueServer(const CompletionQueueServerOptions& options, std::unique_ptr<UnixListener> listener,
                        RpcObserver& observer, const Clock& clock);
  void Poll();

  const std::string api_;
  const size_t max_connections_;
  RpcObserver& observer_;
  const Clock& clock_;
  CallLedger ledger_;
  PeerTable peers_;
  std::unique_ptr<UnixListener> listener_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AcceptLoop> accept_loop_;
  std::vector<std::unique_ptr<ServedMethod>> methods_;
  std::unique_ptr<QuietWatch> quiet_;  // made before the polling thread, which meets it
  std::thread thread_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> closing_{false};
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_COMPLETION_QUEUE_SERVER_H_

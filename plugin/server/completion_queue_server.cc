#include "plugin/server/completion_queue_server.h"

#include <grpc/support/time.h>
#include <grpcpp/server_posix.h>
#include <pthread.h>

#include <utility>

#include "base/status_macros.h"
#include "plugin/server/channel_arguments.h"

namespace signet {
namespace {

// Calls that only began while the last ones were waited for, such as a Status.
constexpr int64_t kLastCallsGraceMilliseconds = 200;

}  // namespace

absl::StatusOr<std::unique_ptr<CompletionQueueServer>> CompletionQueueServer::Create(
    CompletionQueueServerOptions options, grpc::Service& service, std::unique_ptr<UnixListener> listener,
    RpcObserver& observer, const Clock& clock) {
  std::unique_ptr<CompletionQueueServer> result(
      new CompletionQueueServer(options, std::move(listener), observer, clock));
  grpc::ServerBuilder builder;
  for (const auto& [name, value] : ServerChannelArguments(options.max_calls_in_flight)) {
    builder.AddChannelArgument(name, value);
  }
  builder.RegisterService(&service);
  result->queue_ = builder.AddCompletionQueue();
  result->server_ = builder.BuildAndStart();
  if (result->server_ == nullptr) return absl::InternalError("gRPC server could not be built");
  grpc::Server* const server = result->server_.get();
  SIGNET_ASSIGN_OR_RETURN(
      result->accept_loop_,
      AcceptLoop::Create(std::move(options.accept), *result->listener_, result->peers_, observer, clock,
                         [server](int fd) { grpc::AddInsecureChannelFromFd(server, fd); }));
  return result;
}

CompletionQueueServer::CompletionQueueServer(const CompletionQueueServerOptions& options,
                                             std::unique_ptr<UnixListener> listener, RpcObserver& observer,
                                             const Clock& clock)
    : api_(options.accept.api),
      max_connections_(options.accept.max_connections),
      observer_(observer),
      clock_(clock),
      ledger_(options.max_calls_in_flight, clock),
      listener_(std::move(listener)) {}

CompletionQueueServer::~CompletionQueueServer() { Stop(absl::ZeroDuration()); }

void CompletionQueueServer::Start() {
  for (const std::unique_ptr<ServedMethod>& method : methods_) method->PostFirst();
  quiet_ = std::make_unique<QuietWatch>(*queue_, ledger_, clock_);
  thread_ = std::thread([this] { Poll(); });
  accept_loop_->Start();
}

void CompletionQueueServer::Poll() {
  ::pthread_setname_np(::pthread_self(), api_.c_str());
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<CompletionTag*>(tag)->OnEvent(ok);
}

void CompletionQueueServer::Stop(absl::Duration grace) {
  if (queue_ == nullptr) return;
  if (accept_loop_ != nullptr) accept_loop_->Stop();
  draining_ = true;
  for (const std::unique_ptr<ServedMethod>& method : methods_) method->OnDrain();
  const MonotonicTime end = clock_.Monotonic() + grace;
  const bool idle = !thread_.joinable() || ledger_.WaitUntilIdle(end);
  // gRPC answers what it has read and not yet handed over with CANCELLED once it is shut down. Those callers
  // are told UNAVAILABLE instead, as long as they come without a pause.
  if (idle && thread_.joinable()) quiet_->Wait(end);
  closing_ = true;
  if (server_ != nullptr) {
    const gpr_timespec grace_for_last =
        gpr_time_from_millis(idle ? kLastCallsGraceMilliseconds : 0, GPR_TIMESPAN);
    server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), grace_for_last));
  }
  // The queue must not be shut down under anyone who may still post to it or finish a call on it.
  if (thread_.joinable()) ledger_.WaitUntilUnposted();
  queue_->Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
    }
  }
  server_.reset();
  methods_.clear();
  quiet_.reset();
  queue_.reset();
}

Peer CompletionQueueServer::PeerOf(const grpc::ServerContext& context) const {
  return peers_.Find(context.peer()).value_or(Peer());
}

}  // namespace signet

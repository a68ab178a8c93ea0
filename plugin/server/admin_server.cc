#include "plugin/server/admin_server.h"

#include <utility>

#include "base/status_macros.h"
#include "plugin/server/completion_queue_server.h"
#include "plugin/server/unary_method.h"
#include "proto/admin/v1/admin.grpc.pb.h"

namespace signet {
namespace {

using GetStateMethod = UnaryMethod<admin::v1::GetStateRequest, admin::v1::GetStateResponse>;

// People and their tools, not kube-apiserver.
constexpr size_t kMaxConnections = 16;
constexpr size_t kMaxCallsInFlight = 16;

class AdminServerImpl final : public AdminServer {
 public:
  explicit AdminServerImpl(StateSource state) : state_(std::move(state)) {}
  ~AdminServerImpl() override { Stop(absl::ZeroDuration()); }

  absl::Status Init(const AdminServerOptions& options, std::unique_ptr<UnixListener> listener,
                    RpcObserver& observer, const Clock& clock) {
    CompletionQueueServerOptions server_options;
    server_options.accept.api = "admin";
    server_options.accept.allowed_uids = options.allowed_uids;
    server_options.accept.admit_refused_peers = true;
    server_options.accept.max_connections = kMaxConnections;
    server_options.max_calls_in_flight = kMaxCallsInFlight;
    SIGNET_ASSIGN_OR_RETURN(server_, CompletionQueueServer::Create(std::move(server_options), grpc_service_,
                                                                   std::move(listener), observer, clock));
    AddGetState();
    return absl::OkStatus();
  }

  void Start() override { server_->Start(); }
  void Stop(absl::Duration grace) override {
    if (server_ != nullptr) server_->Stop(grace);
  }

 private:
  void AddGetState() {
    GetStateMethod::Definition method;
    method.name = "GetState";
    method.request = [this](auto* context, auto* request, auto* responder, auto* queue, void* tag) {
      grpc_service_.RequestGetState(context, request, responder, queue, queue, tag);
    };
    method.handle = [this](GetStateMethod::Call& call) {
      if (!call.peer().allowed) {
        return call.Finish(absl::PermissionDeniedError("uid not in admin_socket.allowed_uids"));
      }
      state_(call.response());
      call.Finish(absl::OkStatus());
    };
    method.answers_while_draining = true;
    server_->AddMethod(std::make_unique<GetStateMethod>(*server_, std::move(method)));
  }

  const StateSource state_;
  admin::v1::AdminService::AsyncService grpc_service_;
  std::unique_ptr<CompletionQueueServer> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Create(const AdminServerOptions& options,
                                                                 std::unique_ptr<UnixListener> listener,
                                                                 StateSource state, RpcObserver& observer,
                                                                 const Clock& clock) {
  auto server = std::make_unique<AdminServerImpl>(std::move(state));
  SIGNET_RETURN_IF_ERROR(server->Init(options, std::move(listener), observer, clock));
  return server;
}

}  // namespace signet

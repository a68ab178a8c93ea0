#include "plugin/server/admin_server.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "plugin/server/admin_event_source.h"
#include "plugin/server/admin_translation.h"
#include "plugin/server/async_answer.h"
#include "plugin/server/completion_queue_server.h"
#include "plugin/server/server_stream_method.h"
#include "plugin/server/unary_method.h"
#include "proto/admin/v1/admin.grpc.pb.h"

namespace signet {
namespace {

using admin::v1::KeyOperationResponse;
using Service = admin::v1::AdminService::AsyncService;

// People and their tools, not kube-apiserver.
constexpr size_t kMaxConnections = 16;
constexpr size_t kMaxCallsInFlight = 16;

absl::Status NotAllowed() { return absl::PermissionDeniedError("uid not in admin_socket.allowed_uids"); }

class AdminServerImpl final : public AdminServer {
 public:
  explicit AdminServerImpl(AdminHandlers handlers) : handlers_(std::move(handlers)) {}
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
    AddQueries();
    AddOperations();
    AddReloadConfig();
    AddWatchEvents(options);
    return absl::OkStatus();
  }

  void Start() override { server_->Start(); }
  void Stop(absl::Duration grace) override {
    if (server_ != nullptr) server_->Stop(grace);
  }
  void SetAllowedUids(std::vector<uid_t> uids) override { server_->SetAllowedUids(std::move(uids)); }

 private:
  template <typename Request, typename Response>
  using Definition = typename UnaryMethod<Request, Response>::Definition;

  // A method that only an allowed peer gets past. `request` is the generated Request<name>, `handle` takes
  // the call.
  template <typename Request, typename Response, typename GeneratedRequest, typename Handle>
  Definition<Request, Response> Define(absl::string_view name, GeneratedRequest request, Handle handle) {
    Definition<Request, Response> method;
    method.name = name;
    method.request = [this, request](auto* context, auto* message, auto* responder, auto* queue, void* tag) {
      (grpc_service_.*request)(context, message, responder, queue, queue, tag);
    };
    method.handle = [handle](auto& call) {
      if (!call.peer().allowed) return call.Finish(NotAllowed());
      handle(call);
    };
    method.remembers_peer = true;
    return method;
  }
  template <typename MethodDefinition>
  void Add(MethodDefinition method) {
    server_->AddMethod(std::make_unique<typename MethodDefinition::Method>(*server_, std::move(method)));
  }

  void AddQueries() {
    auto state = Define<admin::v1::GetStateRequest, admin::v1::GetStateResponse>(
        "GetState", &Service::RequestGetState, [this](auto& call) {
          handlers_.state(call.response());
          call.Finish(absl::OkStatus());
        });
    state.answers_while_draining = true;
    Add(std::move(state));
    Add(Define<admin::v1::ListKeysRequest, admin::v1::ListKeysResponse>(
        "ListKeys", &Service::RequestListKeys, [this](auto& call) {
          for (const LocalKeyInfo& info : handlers_.keys.ListKeys())
            FillKey(info, *call.response().add_keys());
          call.Finish(absl::OkStatus());
        }));
  }

  // `start` has KeyControl do it.
  template <typename Request, typename GeneratedRequest, typename Start>
  Definition<Request, KeyOperationResponse> Operation(absl::string_view name, GeneratedRequest request,
                                                      Start start) {
    auto method = Define<Request, KeyOperationResponse>(name, request, [this, start](auto& call) {
      auto answer = AsyncAnswer<std::decay_t<decltype(call)>>::For(call);
      start(handlers_.keys, call.request(), [answer](absl::StatusOr<KeyOperationResult> result) {
        answer->Finish(result.status(),
                       [&result](KeyOperationResponse& response) { FillResult(*result, response); });
      });
    });
    method.answers_later = true;
    return method;
  }

  void AddOperations() {
    using Done = KeyOperationCallback;
    Add(Operation<admin::v1::RotateLocalKekRequest>(
        "RotateLocalKek", &Service::RequestRotateLocalKek,
        [](KeyControl& keys, const auto&, Done done) { keys.RotateLocalKek(std::move(done)); }));
    Add(Operation<admin::v1::RotateRemoteKeyRequest>("RotateRemoteKey", &Service::RequestRotateRemoteKey,
                                                     [](KeyControl& keys, const auto& request, Done done) {
                                                       keys.RotateRemoteKey(std::string(request.provider()),
                                                                            std::move(done));
                                                     }));
    Add(Operation<admin::v1::RefreshRemoteKeyRequest>(
        "RefreshRemoteKey", &Service::RequestRefreshRemoteKey,
        [](KeyControl& keys, const auto&, Done done) { keys.RefreshRemoteKey(std::move(done)); }));
    auto accept = Operation<admin::v1::AcceptKeyIdRequest>(
        "AcceptKeyId", &Service::RequestAcceptKeyId, [](KeyControl& keys, const auto& request, Done done) {
          keys.AcceptKeyId(std::string(request.key_id()), std::move(done));
        });
    accept.key_id = [](const admin::v1::AcceptKeyIdRequest& request, const auto&) {
      return absl::string_view(request.key_id());
    };
    Add(std::move(accept));
    Add(Operation<admin::v1::PurgeKeysRequest>(
        "PurgeKeys", &Service::RequestPurgeKeys,
        [](KeyControl& keys, const auto&, Done done) { keys.PurgeKeys(std::move(done)); }));
  }

  void AddReloadConfig() {
    using Response = admin::v1::ReloadConfigResponse;
    auto method = Define<admin::v1::ReloadConfigRequest, Response>(
        "ReloadConfig", &Service::RequestReloadConfig, [this](auto& call) {
          auto answer = AsyncAnswer<std::decay_t<decltype(call)>>::For(call);
          handlers_.reload([answer](absl::StatusOr<Response> result) {
            answer->Finish(result.status(), [&result](Response& response) { response = *std::move(result); });
          });
        });
    method.answers_later = true;
    Add(std::move(method));
  }

  void AddWatchEvents(const AdminServerOptions& options) {
    using Method = ServerStreamMethod<admin::v1::WatchEventsRequest, admin::v1::WatchEventsResponse>;
    Method::Definition method;
    method.name = "WatchEvents";
    method.request = [this](auto* context, auto* request, auto* writer, auto* queue, void* tag) {
      grpc_service_.RequestWatchEvents(context, request, writer, queue, queue, tag);
    };
    method.open = [this, heartbeat = options.heartbeat](
                      const admin::v1::WatchEventsRequest& request, const Peer& peer,
                      std::function<void()> wake) -> absl::StatusOr<Method::Source> {
      if (!peer.allowed) return NotAllowed();
      return std::make_unique<AdminEventSource>(handlers_.keys, request.recent(), heartbeat, std::move(wake));
    };
    method.max_streams = options.max_watchers;
    method.heartbeat = options.heartbeat;
    method.write_timeout = options.write_timeout;
    server_->AddMethod(std::make_unique<Method>(*server_, std::move(method)));
  }

  const AdminHandlers handlers_;
  Service grpc_service_;
  std::unique_ptr<CompletionQueueServer> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Create(const AdminServerOptions& options,
                                                                 std::unique_ptr<UnixListener> listener,
                                                                 AdminHandlers handlers,
                                                                 RpcObserver& observer, const Clock& clock) {
  auto server = std::make_unique<AdminServerImpl>(std::move(handlers));
  SIGNET_RETURN_IF_ERROR(server->Init(options, std::move(listener), observer, clock));
  return server;
}

}  // namespace signet

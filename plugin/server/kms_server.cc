#include "plugin/server/kms_server.h"

#include <utility>

#include "base/status_macros.h"
#include "crypto/sensitive_string.h"
#include "plugin/server/completion_queue_server.h"
#include "plugin/server/kms_translation.h"
#include "plugin/server/unary_method.h"
#include "proto/kms/v2/api.grpc.pb.h"

namespace signet {
namespace {

using StatusMethod = UnaryMethod<v2::StatusRequest, v2::StatusResponse>;
using EncryptMethod = UnaryMethod<v2::EncryptRequest, v2::EncryptResponse>;
using DecryptMethod = UnaryMethod<v2::DecryptRequest, v2::DecryptResponse>;

class KmsServerImpl final : public KmsServer {
 public:
  explicit KmsServerImpl(KmsService& service) : service_(service) {}
  ~KmsServerImpl() override { Stop(absl::ZeroDuration()); }

  absl::Status Init(const KmsServerOptions& options, std::unique_ptr<UnixListener> listener,
                    RpcObserver& observer, const Clock& clock) {
    CompletionQueueServerOptions server_options;
    server_options.accept.api = "kms";
    server_options.accept.allowed_uids = options.allowed_uids;
    server_options.accept.max_connections = options.max_connections;
    server_options.accept.preface_timeout = options.preface_timeout;
    server_options.max_calls_in_flight = options.max_calls_in_flight;
    SIGNET_ASSIGN_OR_RETURN(server_, CompletionQueueServer::Create(std::move(server_options), grpc_service_,
                                                                   std::move(listener), observer, clock));
    AddStatus();
    AddEncrypt();
    AddDecrypt();
    return absl::OkStatus();
  }

  void Start() override { server_->Start(); }
  void Stop(absl::Duration grace) override {
    if (server_ != nullptr) server_->Stop(grace);
  }

  void SetAllowedUids(std::vector<uid_t> uids) override { server_->SetAllowedUids(std::move(uids)); }

  KmsServerState State() const override {
    const ConnectionCounts connections = server_->connections();
    KmsServerState state;
    state.path = server_->socket_path();
    state.connections = connections.open;
    state.max_connections = server_->max_connections();
    state.rejected_peers = connections.refused_peers;
    state.rejected_connections = connections.refused_connections;
    state.calls_in_flight = server_->ledger().in_flight();
    state.calls = server_->ledger().total();
    return state;
  }

 private:
  void AddStatus() {
    StatusMethod::Definition method;
    method.name = "Status";
    method.request = [this](auto* context, auto* request, auto* responder, auto* queue, void* tag) {
      grpc_service_.RequestStatus(context, request, responder, queue, queue, tag);
    };
    method.handle = [this](StatusMethod::Call& call) {
      const absl::StatusOr<StatusAnswer> answer = service_.Status();
      if (answer.ok()) FillResponse(*answer, call.response());
      call.Finish(answer.status());
    };
    method.key_id = [](const auto&, const v2::StatusResponse& response) {
      return absl::string_view(response.key_id());
    };
    method.answers_while_draining = true;
    server_->AddMethod(std::make_unique<StatusMethod>(*server_, std::move(method)));
  }

  void AddEncrypt() {
    EncryptMethod::Definition method;
    method.name = "Encrypt";
    method.request = [this](auto* context, auto* request, auto* responder, auto* queue, void* tag) {
      grpc_service_.RequestEncrypt(context, request, responder, queue, queue, tag);
    };
    method.answers_later = service_.encrypts_later();
    method.handle = [this](EncryptMethod::Call& call) {
      if (service_.encrypts_later()) {
        const EncryptInput input{call.request().plaintext(), call.request().uid(), call.deadline(),
                                 call.cancellation()};
        return service_.EncryptLater(input, [&call](absl::StatusOr<EncryptResult> result) {
          const absl::Status status = result.status();
          if (result.ok()) FillResponse(*std::move(result), call.response());
          call.Finish(status);
        });
      }
      absl::StatusOr<EncryptResult> result =
          service_.Encrypt(call.request().plaintext(), call.request().uid());
      const absl::Status status = result.status();
      if (result.ok()) FillResponse(*std::move(result), call.response());
      call.Finish(status);
    };
    method.wipe = [](v2::EncryptRequest& request, v2::EncryptResponse&) {
      crypto::WipeString(*request.mutable_plaintext());
    };
    method.uid = [](const v2::EncryptRequest& request) { return absl::string_view(request.uid()); };
    method.key_id = [](const auto&, const v2::EncryptResponse& response) {
      return absl::string_view(response.key_id());
    };
    server_->AddMethod(std::make_unique<EncryptMethod>(*server_, std::move(method)));
  }

  void AddDecrypt() {
    DecryptMethod::Definition method;
    method.name = "Decrypt";
    method.request = [this](auto* context, auto* request, auto* responder, auto* queue, void* tag) {
      grpc_service_.RequestDecrypt(context, request, responder, queue, queue, tag);
    };
    method.handle = [this](DecryptMethod::Call& call) {
      DecryptCall input = ToDecryptCall(call.request());
      input.deadline = call.deadline();
      input.cancellation = call.cancellation();
      service_.Decrypt(input, [&call](absl::StatusOr<crypto::SensitiveString> plaintext) {
        if (plaintext.ok()) *call.response().mutable_plaintext() = std::move(*plaintext).Release();
        call.Finish(plaintext.status());
      });
    };
    method.wipe = [](v2::DecryptRequest& request, v2::DecryptResponse& response) {
      crypto::WipeString(*request.mutable_ciphertext());
      crypto::WipeString(*response.mutable_plaintext());
    };
    method.uid = [](const v2::DecryptRequest& request) { return absl::string_view(request.uid()); };
    method.key_id = [](const v2::DecryptRequest& request, const auto&) {
      return absl::string_view(request.key_id());
    };
    method.answers_later = true;
    server_->AddMethod(std::make_unique<DecryptMethod>(*server_, std::move(method)));
  }

  KmsService& service_;
  v2::KeyManagementService::AsyncService grpc_service_;
  std::unique_ptr<CompletionQueueServer> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KmsServer>> KmsServer::Create(const KmsServerOptions& options,
                                                             std::unique_ptr<UnixListener> listener,
                                                             KmsService& service, RpcObserver& observer,
                                                             const Clock& clock) {
  auto server = std::make_unique<KmsServerImpl>(service);
  SIGNET_RETURN_IF_ERROR(server->Init(options, std::move(listener), observer, clock));
  return server;
}

}  // namespace signet

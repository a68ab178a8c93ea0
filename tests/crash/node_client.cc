#include "tests/crash/node_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "tests/testing/kms_caller.h"

namespace signet::testing {
namespace {

void Prepare(grpc::ClientContext& context) {
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
}

}  // namespace

NodeClient::NodeClient(const std::string& folder)
    : kms_(v2::KeyManagementService::NewStub(ConnectTo(folder + "/kms.sock"))),
      admin_(signet::admin::v1::AdminService::NewStub(ConnectTo(folder + "/admin.sock"))) {}

absl::StatusOr<std::string> NodeClient::KeyId() {
  grpc::ClientContext context;
  Prepare(context);
  v2::StatusResponse response;
  const grpc::Status status = kms_->Status(&context, {}, &response);
  if (!status.ok()) return FromGrpc(status);
  if (response.healthz() != "ok") return absl::UnavailableError(response.healthz());
  return response.key_id();
}

absl::StatusOr<Tuple> NodeClient::Encrypt(const std::string& plaintext) {
  grpc::ClientContext context;
  Prepare(context);
  v2::EncryptRequest request;
  request.set_plaintext(plaintext);
  request.set_uid("crash-test");
  v2::EncryptResponse response;
  const grpc::Status status = kms_->Encrypt(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  Tuple tuple{plaintext, response.ciphertext(), response.key_id(), {}};
  tuple.annotations.insert(response.annotations().begin(), response.annotations().end());
  return tuple;
}

absl::StatusOr<std::string> NodeClient::Decrypt(const Tuple& tuple) {
  grpc::ClientContext context;
  Prepare(context);
  v2::DecryptRequest request;
  request.set_ciphertext(tuple.ciphertext);
  request.set_key_id(tuple.key_id);
  request.set_uid("crash-test");
  request.mutable_annotations()->insert(tuple.annotations.begin(), tuple.annotations.end());
  v2::DecryptResponse response;
  const grpc::Status status = kms_->Decrypt(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response.plaintext();
}

absl::StatusOr<signet::admin::v1::GetStateResponse> NodeClient::State() {
  grpc::ClientContext context;
  Prepare(context);
  signet::admin::v1::GetStateResponse response;
  const grpc::Status status = admin_->GetState(&context, {}, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

}  // namespace signet::testing

#include "tests/testing/kms_caller.h"

#include "absl/strings/str_cat.h"

namespace signet::testing {

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& socket_path, const std::string& authority,
                                         std::chrono::milliseconds attempt) {
  // When its last object goes, gRPC cleans up, and may take ten seconds over it. This one stays.
  // Volatile, or the compiler forgets the pointer that nobody reads, and LeakSanitizer calls the object
  // leaked.
  static const grpc::CompletionQueue* volatile keep_grpc = new grpc::CompletionQueue();
  static_cast<void>(keep_grpc);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(attempt.count()));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  if (!authority.empty()) arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority);
  const std::string target = socket_path.front() == '@'
                                 ? absl::StrCat("unix-abstract:", socket_path.substr(1))
                                 : absl::StrCat("unix:", socket_path);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

KmsCaller::KmsCaller(const std::string& socket_path, std::chrono::milliseconds timeout,
                     const std::string& authority)
    : timeout_(timeout), stub_(v2::KeyManagementService::NewStub(ConnectTo(socket_path, authority))) {}

void KmsCaller::Prepare(grpc::ClientContext& context) const {
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + timeout_);
}

absl::StatusOr<v2::StatusResponse> KmsCaller::Status() {
  grpc::ClientContext context;
  Prepare(context);
  v2::StatusResponse response;
  const grpc::Status status = stub_->Status(&context, {}, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<v2::EncryptResponse> KmsCaller::Encrypt(const std::string& plaintext, const std::string& uid) {
  grpc::ClientContext context;
  Prepare(context);
  v2::EncryptRequest request;
  request.set_plaintext(plaintext);
  request.set_uid(uid);
  v2::EncryptResponse response;
  const grpc::Status status = stub_->Encrypt(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<std::string> KmsCaller::Decrypt(const v2::EncryptResponse& encrypted) {
  return Decrypt(DecryptRequestFor(encrypted));
}

absl::StatusOr<std::string> KmsCaller::Decrypt(const v2::DecryptRequest& request) {
  grpc::ClientContext context;
  Prepare(context);
  v2::DecryptResponse response;
  const grpc::Status status = stub_->Decrypt(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response.plaintext();
}

v2::DecryptRequest DecryptRequestFor(const v2::EncryptResponse& encrypted, const std::string& uid) {
  v2::DecryptRequest request;
  request.set_ciphertext(encrypted.ciphertext());
  request.set_uid(uid);
  request.set_key_id(encrypted.key_id());
  *request.mutable_annotations() = encrypted.annotations();
  return request;
}

}  // namespace signet::testing

// KmsCaller: a KMS v2 client on one connection of its own, as one kube-apiserver is.
#ifndef SIGNET_TESTS_TESTING_KMS_CALLER_H_
#define SIGNET_TESTS_TESTING_KMS_CALLER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kms/v2/api.grpc.pb.h"

namespace signet::testing {

// A channel that shares nothing with others. `authority` as different apiservers send it; empty: gRPC's idea.
// It gives each connection `attempt` to come about: where another one would be counted, give it longer.
std::shared_ptr<grpc::Channel> ConnectTo(const std::string& socket_path,
                                         const std::string& authority = "localhost",
                                         std::chrono::milliseconds attempt = std::chrono::milliseconds(100));

absl::Status FromGrpc(const grpc::Status& status);

// Thread-safe. Every call waits for the connection, and has `timeout` in all.
class KmsCaller {
 public:
  explicit KmsCaller(const std::string& socket_path,
                     std::chrono::milliseconds timeout = std::chrono::seconds(20),
                     const std::string& authority = "localhost");

  absl::StatusOr<v2::StatusResponse> Status();
  absl::StatusOr<v2::EncryptResponse> Encrypt(const std::string& plaintext, const std::string& uid = "uid-1");
  // Of what Encrypt returned.
  absl::StatusOr<std::string> Decrypt(const v2::EncryptResponse& encrypted);
  absl::StatusOr<std::string> Decrypt(const v2::DecryptRequest& request);

 private:
  void Prepare(grpc::ClientContext& context) const;

  const std::chrono::milliseconds timeout_;
  const std::unique_ptr<v2::KeyManagementService::Stub> stub_;
};

v2::DecryptRequest DecryptRequestFor(const v2::EncryptResponse& encrypted, const std::string& uid = "uid-2");

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_KMS_CALLER_H_

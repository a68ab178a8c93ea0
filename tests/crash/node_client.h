// NodeClient: what the crash test asks a running signetd, over its two sockets.
#ifndef SIGNET_TESTS_CRASH_NODE_CLIENT_H_
#define SIGNET_TESTS_CRASH_NODE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/admin/v1/admin.grpc.pb.h"
#include "proto/kms/v2/api.grpc.pb.h"
#include "tests/crash/expectation.h"

namespace signet::testing {

// Thread-safe. Every call blocks, a few seconds at most; it waits for the socket to be there.
class NodeClient {
 public:
  // `folder` holds kms.sock and admin.sock.
  explicit NodeClient(const std::string& folder);

  // The announced key_id; UNAVAILABLE and the like while there is none.
  absl::StatusOr<std::string> KeyId();
  absl::StatusOr<Tuple> Encrypt(const std::string& plaintext);
  absl::StatusOr<std::string> Decrypt(const Tuple& tuple);
  absl::StatusOr<signet::admin::v1::GetStateResponse> State();

 private:
  std::unique_ptr<v2::KeyManagementService::Stub> kms_;
  std::unique_ptr<signet::admin::v1::AdminService::Stub> admin_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_CRASH_NODE_CLIENT_H_

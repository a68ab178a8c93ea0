// KmsConnection: one connection to a running signetd's KMS socket, for the programs that ask it; and what
// AdminConnection (admin_client.h) shares with it.
//
// Errors are lines that help: what to look at, not what failed inside. Those that signetd itself answered are
// told from those of the way there by AnsweredByDaemon. Not thread-safe; every call blocks until its answer
// or its time-out. No retries: a tool that is asked whether something works says what it saw.
#ifndef SIGNET_PLUGIN_CMD_COMMON_DAEMON_CLIENT_H_
#define SIGNET_PLUGIN_CMD_COMMON_DAEMON_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/unique_fd.h"
#include "proto/kms/v2/api.grpc.pb.h"

namespace signet {

// True: the daemon was reached and this is its answer to the call. False: it was not reached, closed the
// connection, or did not answer in time.
bool AnsweredByDaemon(const absl::Status& status);

// A connection and a second descriptor of it, which tells whether the other side still holds its end.
struct DaemonChannel {
  std::string socket;  // for messages
  std::shared_ptr<grpc::Channel> channel;
  UniqueFd watch;
};

// Connects to a Unix socket: a path (a relative one against the current folder) or "@name". NOT_FOUND: no
// such socket; PERMISSION_DENIED; UNAVAILABLE: nobody listens, not a socket, or too many wait;
// INVALID_ARGUMENT: no name of a socket. Does not wait for anything.
absl::StatusOr<DaemonChannel> ConnectToDaemon(const std::string& socket);

// What became of a call: `status` as absl::Status, see AnsweredByDaemon. Texts from the daemon are escaped
// and cut, line by line.
absl::Status FromGrpc(const DaemonChannel& connection, const grpc::Status& status);

// The call is over by then: DEADLINE_EXCEEDED.
void SetTimeout(absl::Duration timeout, grpc::ClientContext& context);

// One unary call through `method` of `stub`.
template <typename Response, typename Stub, typename Request>
absl::StatusOr<Response> CallDaemon(const DaemonChannel& connection, Stub& stub,
                                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                                 Response*),
                                    const Request& request, absl::Duration timeout) {
  grpc::ClientContext context;
  SetTimeout(timeout, context);
  Response response;
  SIGNET_RETURN_IF_ERROR(FromGrpc(connection, (stub.*method)(&context, request, &response)));
  return response;
}

class KmsConnection {
 public:
  // Errors: as ConnectToDaemon.
  static absl::StatusOr<KmsConnection> Open(const std::string& socket);

  // Errors: what the daemon answered; UNAVAILABLE: the connection was closed; DEADLINE_EXCEEDED.
  absl::StatusOr<v2::StatusResponse> Status(absl::Duration timeout);
  absl::StatusOr<v2::EncryptResponse> Encrypt(const v2::EncryptRequest& request, absl::Duration timeout);
  absl::StatusOr<v2::DecryptResponse> Decrypt(const v2::DecryptRequest& request, absl::Duration timeout);

 private:
  explicit KmsConnection(DaemonChannel connection)
      : connection_(std::move(connection)), stub_(v2::KeyManagementService::NewStub(connection_.channel)) {}

  DaemonChannel connection_;
  std::unique_ptr<v2::KeyManagementService::Stub> stub_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_DAEMON_CLIENT_H_

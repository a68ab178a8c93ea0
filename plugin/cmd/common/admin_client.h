// AdminConnection: one connection to a running signetd's admin socket.
//
// Not thread-safe; every call blocks until its answer or its time-out. Errors as KmsConnection's
// (daemon_client.h), and what proto/admin/v1 says of each call.
#ifndef SIGNET_PLUGIN_CMD_COMMON_ADMIN_CLIENT_H_
#define SIGNET_PLUGIN_CMD_COMMON_ADMIN_CLIENT_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugin/cmd/common/daemon_client.h"
#include "plugin/cmd/common/event_reader.h"
#include "proto/admin/v1/admin.grpc.pb.h"

namespace signet {

class AdminConnection {
 public:
  using OperationAnswer = absl::StatusOr<admin::v1::KeyOperationResponse>;

  // Errors: as ConnectToDaemon.
  static absl::StatusOr<AdminConnection> Open(const std::string& socket);

  absl::StatusOr<admin::v1::GetStateResponse> GetState(absl::Duration timeout);
  absl::StatusOr<admin::v1::ListKeysResponse> ListKeys(absl::Duration timeout);
  OperationAnswer RotateLocalKek(absl::Duration timeout);
  // `provider` empty: the active one.
  OperationAnswer RotateRemoteKey(const std::string& provider, absl::Duration timeout);
  OperationAnswer RefreshRemoteKey(absl::Duration timeout);
  OperationAnswer AcceptKeyId(const std::string& key_id, absl::Duration timeout);
  OperationAnswer PurgeKeys(absl::Duration timeout);
  absl::StatusOr<admin::v1::ReloadConfigResponse> ReloadConfig(absl::Duration timeout);

  // A reader of events, which keeps the connection open and may outlive this object. With `recent` it begins
  // with those that signetd remembers. Does not wait for anything.
  std::unique_ptr<EventReader> WatchEvents(bool recent);

 private:
  explicit AdminConnection(DaemonChannel connection)
      : connection_(std::make_shared<DaemonChannel>(std::move(connection))),
        stub_(admin::v1::AdminService::NewStub(connection_->channel)) {}

  std::shared_ptr<DaemonChannel> connection_;
  std::unique_ptr<admin::v1::AdminService::Stub> stub_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_ADMIN_CLIENT_H_

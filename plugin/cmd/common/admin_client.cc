#include "plugin/cmd/common/admin_client.h"

#include "base/status_macros.h"

namespace signet {

using Stub = admin::v1::AdminService::Stub;

absl::StatusOr<AdminConnection> AdminConnection::Open(const std::string& socket) {
  SIGNET_ASSIGN_OR_RETURN(DaemonChannel connection, ConnectToDaemon(socket));
  return AdminConnection(std::move(connection));
}

absl::StatusOr<admin::v1::GetStateResponse> AdminConnection::GetState(absl::Duration timeout) {
  return CallDaemon(*connection_, *stub_, &Stub::GetState, admin::v1::GetStateRequest(), timeout);
}

absl::StatusOr<admin::v1::ListKeysResponse> AdminConnection::ListKeys(absl::Duration timeout) {
  return CallDaemon(*connection_, *stub_, &Stub::ListKeys, admin::v1::ListKeysRequest(), timeout);
}

AdminConnection::OperationAnswer AdminConnection::RotateLocalKek(absl::Duration timeout) {
  return CallDaemon(*connection_, *stub_, &Stub::RotateLocalKek, admin::v1::RotateLocalKekRequest(), timeout);
}

AdminConnection::OperationAnswer AdminConnection::RotateRemoteKey(const std::string& provider,
                                                                  absl::Duration timeout) {
  admin::v1::RotateRemoteKeyRequest request;
  request.set_provider(provider);
  return CallDaemon(*connection_, *stub_, &Stub::RotateRemoteKey, request, timeout);
}

AdminConnection::OperationAnswer AdminConnection::RefreshRemoteKey(absl::Duration timeout) {
  return CallDaemon(*connection_, *stub_, &Stub::RefreshRemoteKey, admin::v1::RefreshRemoteKeyRequest(),
                    timeout);
}

AdminConnection::OperationAnswer AdminConnection::AcceptKeyId(const std::string& key_id,
                                                              absl::Duration timeout) {
  admin::v1::AcceptKeyIdRequest request;
  request.set_key_id(key_id);
  return CallDaemon(*connection_, *stub_, &Stub::AcceptKeyId, request, timeout);
}

AdminConnection::OperationAnswer AdminConnection::PurgeKeys(absl::Duration timeout) {
  return CallDaemon(*connection_, *stub_, &Stub::PurgeKeys, admin::v1::PurgeKeysRequest(), timeout);
}

absl::StatusOr<admin::v1::ReloadConfigResponse> AdminConnection::ReloadConfig(absl::Duration timeout) {
  return CallDaemon(*connection_, *stub_, &Stub::ReloadConfig, admin::v1::ReloadConfigRequest(), timeout);
}

std::unique_ptr<EventReader> AdminConnection::WatchEvents(bool recent) {
  return std::make_unique<EventReader>(connection_, recent);
}

}  // namespace signet

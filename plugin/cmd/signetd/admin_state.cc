#include "plugin/cmd/signetd/admin_state.h"

#include <unistd.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kms_client/fingerprint.h"
#include "plugin/cmd/common/version.h"
#include "plugin/server/admin_translation.h"

namespace signet {
namespace {

// gRPC carries a status as metadata, which is bounded to 8 KiB.
constexpr size_t kMaxProblemBytes = 3072;

template <typename Bytes>
std::string Hex(const Bytes& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void FillChanges(const std::vector<ConfigChange>& changes,
                 google::protobuf::RepeatedPtrField<admin::v1::ConfigChange>& entries) {
  for (const ConfigChange& change : changes) {
    admin::v1::ConfigChange& entry = *entries.Add();
    entry.set_field(change.field);
    entry.set_old_value(change.old_value);
    entry.set_new_value(change.new_value);
  }
}

// By whole lines.
std::string ShortText(const absl::Status& status) {
  const absl::string_view text = status.message();
  if (text.size() <= kMaxProblemBytes) return std::string(text);
  const size_t end = text.rfind('\n', kMaxProblemBytes);
  return absl::StrCat(text.substr(0, end == absl::string_view::npos ? kMaxProblemBytes : end),
                      "\n... and more: signetd --check-config tells all");
}

void FillReload(const ReloadReport& report, admin::v1::LastReload& reload) {
  FillTimestamp(report.time, *reload.mutable_time());
  if (!report.status.ok()) {
    reload.set_error_code(absl::StatusCodeToString(report.status.code()));
    reload.set_error(ShortText(report.status));
  }
  FillChanges(report.difference.needs_restart, *reload.mutable_needs_restart());
}

void FillProviders(const std::vector<Provider>& providers, admin::v1::GetStateResponse& response) {
  for (admin::v1::Provider& entry : *response.mutable_providers()) {
    for (const Provider& provider : providers) {
      if (provider.name != entry.name()) continue;
      entry.set_type(std::string(kms::ProviderTypeName(provider.client->type())));
      entry.set_fingerprint(Hex(provider.client->fingerprint()));
    }
  }
}

void FillSocket(const KmsServerState& state, admin::v1::KmsSocket& socket) {
  socket.set_path(state.path);
  socket.set_connections(state.connections);
  socket.set_max_connections(state.max_connections);
  socket.set_rejected_peers(state.rejected_peers);
  socket.set_rejected_connections(state.rejected_connections);
  socket.set_calls_in_flight(state.calls_in_flight);
  socket.set_calls(state.calls);
}

}  // namespace

void FillAdminState(const Config& config, const DaemonFacts& facts, const KeyHierarchy& hierarchy,
                    const KmsServer& kms_server, const Reloader& reloader,
                    admin::v1::GetStateResponse& response) {
  response.set_version(std::string(SignetVersion()));
  response.set_commit(std::string(SignetCommit()));
  response.set_pid(::getpid());
  FillTimestamp(facts.started, *response.mutable_started());
  response.set_cluster_id(config.cluster_id);
  response.set_config_file(facts.config_file);
  response.set_state_directory(config.state_directory);
  response.set_memory_locked(facts.memory_locked);
  FillState(hierarchy.State(), response);
  FillProviders(facts.providers, response);
  FillSocket(kms_server.State(), *response.mutable_kms_socket());
  if (const auto report = reloader.last(); report.has_value()) {
    FillReload(*report, *response.mutable_last_reload());
  }
}

absl::StatusOr<admin::v1::ReloadConfigResponse> ToReloadResponse(const ReloadReport& report) {
  if (!report.status.ok()) return absl::Status(report.status.code(), ShortText(report.status));
  admin::v1::ReloadConfigResponse response;
  FillChanges(report.difference.live, *response.mutable_applied());
  FillChanges(report.difference.needs_restart, *response.mutable_needs_restart());
  return response;
}

}  // namespace signet

#include "plugin/cmd/signetd/admin_state.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "kms_client/fingerprint.h"
#include "plugin/cmd/common/version.h"

namespace signet {
namespace {

template <typename Bytes>
std::string Hex(const Bytes& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void SetTime(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
}

void FillActive(const Config& config, const HierarchyState& state, admin::v1::ActiveKey& active) {
  const ActiveKey& key = *state.active;
  active.set_key_id(key.key_id);
  active.set_key_id_hash(key.key_id_hash);
  active.set_provider(key.provider_name);
  active.set_remote_version(key.remote_version.label);
  active.set_local_kek_id(Hex(key.local_kek_id));
  SetTime(key.created, *active.mutable_local_kek_created());
  if (state.active_expires != absl::InfiniteFuture()) {
    SetTime(state.active_expires, *active.mutable_local_kek_expires());
  }
  active.set_local_kek_uses(state.uses);
  active.set_local_kek_max_uses(config.local_kek.max_uses);
  active.set_stored(key.stored);
  active.set_record_bytes(key.record.size());
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
                    const KmsServer& kms_server, admin::v1::GetStateResponse& response) {
  response.set_version(std::string(SignetVersion()));
  response.set_commit(std::string(SignetCommit()));
  response.set_pid(::getpid());
  SetTime(facts.started, *response.mutable_started());
  response.set_cluster_id(config.cluster_id);
  response.set_config_file(facts.config_file);
  response.set_state_directory(config.state_directory);
  response.set_memory_locked(facts.memory_locked);

  const HierarchyState state = hierarchy.State();
  response.set_can_encrypt(state.status.ok());
  if (!state.status.ok()) {
    response.set_problem_code(absl::StatusCodeToString(state.status.code()));
    response.set_problem(std::string(state.status.message()));
  }
  if (state.active != nullptr) FillActive(config, state, *response.mutable_active());
  for (const Provider& provider : facts.providers) {
    admin::v1::Provider& entry = *response.add_providers();
    entry.set_name(provider.name);
    entry.set_type(std::string(kms::ProviderTypeName(provider.client->type())));
    entry.set_fingerprint(Hex(provider.client->fingerprint()));
    entry.set_active(provider.name == config.active);
  }
  for (const std::string& key_id : state.key_id_history) response.add_key_id_history(key_id);
  response.set_cached_local_keks(state.cached_local_keks);
  response.set_journal_records(state.journal_records);
  FillSocket(kms_server.State(), *response.mutable_kms_socket());
}

}  // namespace signet

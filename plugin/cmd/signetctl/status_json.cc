#include <string>

#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/signetctl/status_findings.h"
#include "plugin/cmd/signetctl/status_print.h"
#include "plugin/cmd/signetctl/time_text.h"

namespace signet::ctl {
namespace {

using State = admin::v1::GetStateResponse;

nlohmann::ordered_json ActiveToJson(const admin::v1::ActiveKey& active) {
  nlohmann::ordered_json json;
  json["key_id"] = SafeText(active.key_id());
  json["key_id_hash"] = SafeText(active.key_id_hash());
  json["provider"] = SafeText(active.provider());
  json["remote_version"] = SafeText(active.remote_version());
  json["local_kek_id"] = SafeText(active.local_kek_id());
  json["local_kek_created"] = TimeText(active.local_kek_created());
  if (active.has_local_kek_expires()) json["local_kek_expires"] = TimeText(active.local_kek_expires());
  json["local_kek_uses"] = active.local_kek_uses();
  json["local_kek_max_uses"] = active.local_kek_max_uses();
  json["stored"] = active.stored();
  json["record_bytes"] = active.record_bytes();
  return json;
}

nlohmann::ordered_json SocketToJson(const admin::v1::KmsSocket& socket) {
  nlohmann::ordered_json json;
  json["path"] = SafeText(socket.path());
  json["connections"] = socket.connections();
  json["max_connections"] = socket.max_connections();
  json["rejected_peers"] = socket.rejected_peers();
  json["rejected_connections"] = socket.rejected_connections();
  json["calls_in_flight"] = socket.calls_in_flight();
  json["calls"] = socket.calls();
  return json;
}

nlohmann::ordered_json DecryptToJson(const admin::v1::Decrypt& decrypt) {
  nlohmann::ordered_json json;
  json["works"] = decrypt.works();
  json["cached_works"] = !decrypt.cached_stopped();
  if (!decrypt.works()) {
    json["problem_code"] = SafeText(decrypt.problem_code());
    json["problem"] = SafeText(decrypt.problem());
  }
  if (decrypt.has_since()) json["since"] = TimeText(decrypt.since());
  return json;
}

nlohmann::ordered_json PendingToJson(const admin::v1::PendingKey& pending) {
  nlohmann::ordered_json json;
  json["key_id"] = SafeText(pending.key_id());
  json["key_id_hash"] = SafeText(pending.key_id_hash());
  json["provider"] = SafeText(pending.provider());
  json["remote_version"] = SafeText(pending.remote_version());
  json["prepared"] = pending.prepared();
  if (pending.has_activates_at()) json["activates_at"] = TimeText(pending.activates_at());
  return json;
}

nlohmann::ordered_json ProviderToJson(const admin::v1::Provider& provider) {
  nlohmann::ordered_json json;
  json["name"] = SafeText(provider.name());
  json["type"] = SafeText(provider.type());
  json["fingerprint"] = SafeText(provider.fingerprint());
  json["active"] = provider.active();
  json["in_wrap_set"] = provider.in_wrap_set();
  if (!provider.class_().empty()) json["class"] = SafeText(provider.class_());
  if (provider.has_since()) json["since"] = TimeText(provider.since());
  if (!provider.suspected_class().empty()) json["suspected_class"] = SafeText(provider.suspected_class());
  if (provider.has_last_success()) json["last_success"] = TimeText(provider.last_success());
  if (!provider.last_error_code().empty()) {
    json["last_error_code"] = SafeText(provider.last_error_code());
    json["last_error"] = SafeText(provider.last_error());
  }
  return json;
}

nlohmann::ordered_json ProblemToJson(const admin::v1::Problem& problem) {
  nlohmann::ordered_json json;
  json["kind"] = SafeText(problem.kind());
  json["text"] = SafeText(problem.text());
  json["advice"] = SafeText(problem.advice());
  if (problem.has_since()) json["since"] = TimeText(problem.since());
  return json;
}

nlohmann::ordered_json ReloadToJson(const admin::v1::LastReload& reload) {
  nlohmann::ordered_json json;
  json["time"] = TimeText(reload.time());
  if (!reload.error_code().empty()) {
    json["error_code"] = SafeText(reload.error_code());
    json["error"] = SafeText(reload.error(), 4096);
  }
  json["needs_restart"] = nlohmann::ordered_json::array();
  for (const admin::v1::ConfigChange& change : reload.needs_restart()) {
    json["needs_restart"].push_back(SafeText(change.field()));
  }
  return json;
}

}  // namespace

nlohmann::ordered_json StateToJson(const State& state, absl::Time now) {
  nlohmann::ordered_json json;
  json["version"] = SafeText(state.version());
  json["commit"] = SafeText(state.commit());
  json["pid"] = state.pid();
  json["started"] = TimeText(state.started());
  json["cluster_id"] = SafeText(state.cluster_id());
  json["can_encrypt"] = state.can_encrypt();
  if (!state.can_encrypt()) {
    json["problem_code"] = SafeText(state.problem_code());
    json["problem"] = SafeText(state.problem());
  }
  if (state.has_encrypt_since()) json["encrypt_since"] = TimeText(state.encrypt_since());
  if (state.has_decrypt()) json["decrypt"] = DecryptToJson(state.decrypt());
  if (state.has_offline_until()) json["offline_until"] = TimeText(state.offline_until());
  if (state.has_active()) json["active"] = ActiveToJson(state.active());
  if (state.has_pending()) json["pending"] = PendingToJson(state.pending());
  json["providers"] = nlohmann::ordered_json::array();
  for (const admin::v1::Provider& provider : state.providers()) {
    json["providers"].push_back(ProviderToJson(provider));
  }
  json["key_id_history"] = nlohmann::ordered_json::array();
  for (const std::string& key_id : state.key_id_history()) json["key_id_history"].push_back(SafeText(key_id));
  json["cached_local_keks"] = state.cached_local_keks();
  json["journal_records"] = state.journal_records();
  json["kms_socket"] = SocketToJson(state.kms_socket());
  json["config_file"] = SafeText(state.config_file());
  json["state_directory"] = SafeText(state.state_directory());
  json["memory_locked"] = state.memory_locked();
  if (state.has_last_reload()) json["last_reload"] = ReloadToJson(state.last_reload());
  json["problems"] = nlohmann::ordered_json::array();
  for (const admin::v1::Problem& problem : state.problems()) {
    json["problems"].push_back(ProblemToJson(problem));
  }
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : FindProblems(state, now)) {
    json["findings"].push_back({{"severity", finding.severity == Severity::kProblem ? "problem" : "warning"},
                                {"text", finding.text},
                                {"action", finding.action}});
  }
  return json;
}

}  // namespace signet::ctl

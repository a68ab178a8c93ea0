#include "plugin/cmd/signetctl/status_print.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/status_findings.h"

namespace signet::ctl {
namespace {

using State = admin::v1::GetStateResponse;

constexpr int kHistoryShown = 5;

std::string TimeText(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", ToTime(timestamp), absl::UTCTimeZone());
}

std::string AgoText(const google::protobuf::Timestamp& timestamp, absl::Time now) {
  return absl::StrCat(TimeText(timestamp), " (", RoughDuration(now - ToTime(timestamp)), " ago)");
}

std::string EncryptText(const State& state) {
  if (!state.can_encrypt())
    return absl::StrCat("NO   ", SafeText(state.problem_code()), ": ", SafeText(state.problem()));
  return absl::StrCat("yes  under provider ", SafeText(state.active().provider()), ", key version ",
                      SafeText(state.active().remote_version()));
}

std::string DecryptText(const State& state) {
  return absl::StrCat("yes  at once under the ", state.cached_local_keks(), " local ",
                      state.cached_local_keks() == 1 ? "KEK" : "KEKs",
                      " in memory; under others when their provider answers");
}

void AddActiveKey(const admin::v1::ActiveKey& active, absl::Time now, Table& table) {
  table.AddRow({"key_id", SafeText(active.key_id())});
  table.AddRow({"key_id hash", SafeText(active.key_id_hash())});
  table.AddRow({"local KEK", SafeText(active.local_kek_id())});
  table.AddRow({"  made", AgoText(active.local_kek_created(), now)});
  if (active.has_local_kek_expires()) {
    table.AddRow({"  expires", absl::StrCat(TimeText(active.local_kek_expires()), " (in ",
                                            RoughDuration(ToTime(active.local_kek_expires()) - now),
                                            "; renewal starts at two thirds)")});
  }
  const double share = active.local_kek_max_uses() == 0
                           ? 0
                           : 100.0 * static_cast<double>(active.local_kek_uses()) /
                                 static_cast<double>(active.local_kek_max_uses());
  table.AddRow({"  uses", absl::StrFormat("%d of %d (%.1f %%)", active.local_kek_uses(),
                                          active.local_kek_max_uses(), share)});
  table.AddRow({"  stored", absl::StrCat(active.stored() ? "yes" : "NO", ", its record has ",
                                         active.record_bytes(), " bytes in every object")});
}

std::string HistoryText(const State& state) {
  const int count = state.key_id_history_size();
  if (count <= 1) return "";
  std::string text;
  // Newest first, without the active one.
  for (int i = count - 2; i >= 0 && i >= count - 1 - kHistoryShown; --i) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", SafeText(state.key_id_history(i)));
  }
  if (count - 1 > kHistoryShown) absl::StrAppend(&text, ", and ", count - 1 - kHistoryShown, " older");
  return text;
}

void AddProviders(const State& state, Table& table) {
  for (int i = 0; i < state.providers_size(); ++i) {
    const admin::v1::Provider& provider = state.providers(i);
    table.AddRow({i == 0 ? "providers" : "",
                  absl::StrCat(SafeText(provider.name()), ": ", SafeText(provider.type()), ", key ",
                               SafeText(provider.fingerprint()), provider.active() ? ", active" : "")});
  }
}

std::string TrafficText(const admin::v1::KmsSocket& socket) {
  return absl::StrCat(socket.connections(), " of ", socket.max_connections(), " connections, refused ",
                      socket.rejected_peers(), " by uid and ", socket.rejected_connections(), " others; ",
                      socket.calls_in_flight(), " calls in flight, ", socket.calls(), " since the start");
}

void PrintFindings(const std::vector<Finding>& findings, std::ostream& out) {
  if (findings.empty()) {
    out << "\nNothing is wrong.\n";
    return;
  }
  for (const Finding& finding : findings) {
    out << '\n'
        << (finding.severity == Severity::kProblem ? "PROBLEM  " : "WARNING  ") << finding.text
        << "\n         " << finding.action << '\n';
  }
}

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

}  // namespace

void PrintState(const State& state, absl::Time now, std::ostream& out) {
  out << "signetd " << SafeText(state.version()) << " (" << SafeText(state.commit().substr(0, 12))
      << "), pid " << state.pid() << ", started " << AgoText(state.started(), now) << "\n\n";
  Table table;
  table.AddRow({"ENCRYPT", EncryptText(state)});
  table.AddRow({"DECRYPT", DecryptText(state)});
  if (state.has_active()) AddActiveKey(state.active(), now, table);
  if (const std::string history = HistoryText(state); !history.empty()) table.AddRow({"before", history});
  AddProviders(state, table);
  table.AddRow({"cluster_id", SafeText(state.cluster_id())});
  table.AddRow({"KMS socket", SafeText(state.kms_socket().path())});
  table.AddRow({"  traffic", TrafficText(state.kms_socket())});
  table.AddRow({"files", absl::StrCat(SafeText(state.config_file()), ", ", SafeText(state.state_directory()),
                                      " (", state.journal_records(), " records for a warm start)")});
  table.AddRow({"memory", state.memory_locked() ? "locked" : "NOT all locked"});
  table.Print(out, 2);
  PrintFindings(FindProblems(state, now), out);
}

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
  if (state.has_active()) json["active"] = ActiveToJson(state.active());
  json["providers"] = nlohmann::ordered_json::array();
  for (const admin::v1::Provider& provider : state.providers()) {
    json["providers"].push_back({{"name", SafeText(provider.name())},
                                 {"type", SafeText(provider.type())},
                                 {"fingerprint", SafeText(provider.fingerprint())},
                                 {"active", provider.active()}});
  }
  json["key_id_history"] = nlohmann::ordered_json::array();
  for (const std::string& key_id : state.key_id_history()) json["key_id_history"].push_back(SafeText(key_id));
  json["cached_local_keks"] = state.cached_local_keks();
  json["journal_records"] = state.journal_records();
  json["kms_socket"] = SocketToJson(state.kms_socket());
  json["config_file"] = SafeText(state.config_file());
  json["state_directory"] = SafeText(state.state_directory());
  json["memory_locked"] = state.memory_locked();
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : FindProblems(state, now)) {
    json["findings"].push_back({{"severity", finding.severity == Severity::kProblem ? "problem" : "warning"},
                                {"text", finding.text},
                                {"action", finding.action}});
  }
  return json;
}

}  // namespace signet::ctl

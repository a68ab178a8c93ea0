#include "plugin/cmd/signetctl/status_print.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/status_findings.h"
#include "plugin/cmd/signetctl/time_text.h"

namespace signet::ctl {
namespace {

using State = admin::v1::GetStateResponse;

constexpr int kHistoryShown = 5;

std::string SinceText(bool has, const google::protobuf::Timestamp& since, absl::Time now) {
  return has ? absl::StrCat("since ", TimeAndDistance(since, now), ", ") : std::string();
}

std::string EncryptText(const State& state, absl::Time now) {
  const std::string since = SinceText(state.has_encrypt_since(), state.encrypt_since(), now);
  if (!state.can_encrypt()) {
    return absl::StrCat("NO   ", since, SafeText(state.problem_code()), ": ", SafeText(state.problem()));
  }
  return absl::StrCat("yes  ", since, "under provider ", SafeText(state.active().provider()),
                      ", key version ", SafeText(state.active().remote_version()));
}

std::string DecryptText(const State& state, absl::Time now) {
  const std::string cached = absl::StrCat("the ", state.cached_local_keks(), " local ",
                                          state.cached_local_keks() == 1 ? "KEK" : "KEKs", " in memory");
  const admin::v1::Decrypt& decrypt = state.decrypt();
  // A signetd of before these fields says nothing of it.
  if (!state.has_decrypt() || decrypt.works()) {
    return absl::StrCat("yes  at once under ", cached, "; under others when their provider answers");
  }
  const std::string why = absl::StrCat(SinceText(decrypt.has_since(), decrypt.since(), now),
                                       SafeText(decrypt.problem_code()), ": ", SafeText(decrypt.problem()));
  if (decrypt.cached_stopped()) return absl::StrCat("NO   ", why);
  return absl::StrCat("PART only under ", cached, "; ", why);
}

void AddPending(const State& state, absl::Time now, Table& table) {
  if (!state.has_pending()) return;
  const admin::v1::PendingKey& pending = state.pending();
  table.AddRow({"PENDING", absl::StrCat(SafeText(pending.key_id()),
                                        pending.has_activates_at()
                                            ? absl::StrCat(", announced at ",
                                                           TimeAndDistance(pending.activates_at(), now))
                                            : std::string(", being confirmed"))});
  table.AddRow({"  prepared", pending.prepared() ? "yes, proved readable" : "not yet"});
}

void AddActiveKey(const admin::v1::ActiveKey& active, absl::Time now, Table& table) {
  table.AddRow({"key_id", SafeText(active.key_id())});
  table.AddRow({"key_id hash", SafeText(active.key_id_hash())});
  table.AddRow({"local KEK", SafeText(active.local_kek_id())});
  table.AddRow({"  made", TimeAndDistance(active.local_kek_created(), now)});
  if (active.has_local_kek_expires()) {
    table.AddRow({"  expires", absl::StrCat(TimeAndDistance(active.local_kek_expires(), now),
                                            "; renewal starts at two thirds")});
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

std::string ProviderText(const admin::v1::Provider& provider, absl::Time now) {
  std::string text = absl::StrCat(SafeText(provider.name()), ": ", SafeText(provider.type()), ", key ",
                                  SafeText(provider.fingerprint()), provider.active() ? ", active" : "",
                                  provider.in_wrap_set() && !provider.active() ? ", wraps too" : "");
  if (!provider.class_().empty() && provider.class_() != "unknown") {
    absl::StrAppend(&text, ", ", SafeText(provider.class_()));
    if (provider.has_since()) absl::StrAppend(&text, " since ", TimeAndDistance(provider.since(), now));
  }
  if (!provider.suspected_class().empty()) {
    absl::StrAppend(&text, ", suspected to be ", SafeText(provider.suspected_class()));
  }
  return text;
}

void AddProviders(const State& state, absl::Time now, Table& table) {
  for (int i = 0; i < state.providers_size(); ++i) {
    const admin::v1::Provider& provider = state.providers(i);
    table.AddRow({i == 0 ? "providers" : "", ProviderText(provider, now)});
    if (provider.last_error_code().empty()) continue;
    table.AddRow({"", absl::StrCat("  last success ",
                                   provider.has_last_success() ? TimeAndDistance(provider.last_success(), now)
                                                               : std::string("none since the start"),
                                   ", last error ", SafeText(provider.last_error_code()), ": ",
                                   SafeText(provider.last_error()))});
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

}  // namespace

void PrintState(const State& state, absl::Time now, std::ostream& out) {
  out << "signetd " << SafeText(state.version()) << " (" << SafeText(state.commit().substr(0, 12))
      << "), pid " << state.pid() << ", started " << TimeAndDistance(state.started(), now) << "\n\n";
  Table table;
  table.AddRow({"ENCRYPT", EncryptText(state, now)});
  table.AddRow({"DECRYPT", DecryptText(state, now)});
  AddPending(state, now, table);
  if (state.has_offline_until()) {
    table.AddRow({"no KMS", absl::StrCat("Encrypt goes on without it until ",
                                         TimeAndDistance(state.offline_until(), now))});
  }
  if (state.has_active()) AddActiveKey(state.active(), now, table);
  if (const std::string history = HistoryText(state); !history.empty()) table.AddRow({"before", history});
  AddProviders(state, now, table);
  table.AddRow({"cluster_id", SafeText(state.cluster_id())});
  table.AddRow({"KMS socket", SafeText(state.kms_socket().path())});
  table.AddRow({"  traffic", TrafficText(state.kms_socket())});
  table.AddRow({"files", absl::StrCat(SafeText(state.config_file()), ", ", SafeText(state.state_directory()),
                                      " (", state.journal_records(), " records for a warm start)")});
  table.AddRow({"memory", state.memory_locked() ? "locked" : "NOT all locked"});
  table.Print(out, 2);
  PrintFindings(FindProblems(state, now), out);
}

}  // namespace signet::ctl

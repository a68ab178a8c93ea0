#include "plugin/cmd/signetctl/status_findings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/signetctl/time_text.h"

namespace signet::ctl {
namespace {

using State = admin::v1::GetStateResponse;

// A renewal that has not come by here is late: it starts at two thirds.
constexpr double kLateShare = 0.8;

constexpr char kKeepRunning[] =
    " Until it works again do not restart kube-apiserver: a running one goes on reading, a fresh one reads "
    "nothing.";

// By the code that Encrypt answers.
std::string ActionFor(const std::string& code, const std::string& config_file) {
  if (code == "UNAVAILABLE" || code == "DEADLINE_EXCEEDED") {
    return "See whether the active provider answers, and signetd's log for the last attempt; signetd goes on "
           "trying by itself.";
  }
  if (code == "FAILED_PRECONDITION") {
    return "The key exists but may not be used: enable it (local: signetctl keyring list, then keyring "
           "enable N "
           "or keyring activate N).";
  }
  if (code == "NOT_FOUND") {
    return absl::StrCat("The key is gone or not the one configured: compare active and providers in ",
                        config_file, " with the KMS. Never remove a key that stored data needs.");
  }
  if (code == "PERMISSION_DENIED") {
    return "The KMS or the file system refuses signetd: check its credentials, the key's policy, the owner "
           "and "
           "mode of the keyring.";
  }
  if (code == "DATA_LOSS") {
    return "A keyring or record is damaged: keep every copy, do not run init over it, restore the keyring "
           "from "
           "the last export or another node.";
  }
  if (code == "RESOURCE_EXHAUSTED") {
    return "A limit is reached, of the KMS, of memory that may be locked, or of the disk; signetd's log "
           "tells which.";
  }
  return "See signetd's log.";
}

double ShareOfLifetime(const admin::v1::ActiveKey& active, absl::Time now) {
  if (!active.has_local_kek_expires()) return 0;
  const absl::Time created = ToTime(active.local_kek_created());
  const absl::Duration lifetime = ToTime(active.local_kek_expires()) - created;
  if (lifetime <= absl::ZeroDuration()) return 0;
  return absl::FDivDuration(now - created, lifetime);
}

bool Says(const State& state, absl::string_view kind) {
  return std::any_of(state.problems().begin(), state.problems().end(),
                     [kind](const admin::v1::Problem& problem) { return problem.kind() == kind; });
}

// These stop Encrypt, or Decrypt of what is not in memory.
bool Stops(absl::string_view kind) {
  return kind == "no_key" || kind == "offline" || kind == "denied" || kind == "revoked";
}

void CheckEncrypt(const State& state, std::vector<Finding>& findings) {
  if (state.can_encrypt()) return;
  for (const char* kind : {"no_key", "offline", "denied", "revoked"}) {
    if (Says(state, kind)) return;  // told with better advice
  }
  findings.push_back({Severity::kProblem,
                      absl::StrCat("Encrypt does not work: ", SafeText(state.problem_code()), ": ",
                                   SafeText(state.problem())),
                      ActionFor(state.problem_code(), SafeText(state.config_file())) + kKeepRunning});
}

// What signetd itself found wrong, in its words.
void AddProblems(const State& state, absl::Time now, bool stopping, std::vector<Finding>& findings) {
  for (const admin::v1::Problem& problem : state.problems()) {
    if (Stops(problem.kind()) != stopping) continue;
    std::string text = SafeText(problem.text());
    if (problem.has_since()) {
      absl::StrAppend(&text, " (since ", TimeAndDistance(problem.since(), now), ")");
    }
    std::string action = problem.advice().empty() ? "signetd goes on by itself." : SafeText(problem.advice());
    if (stopping && !state.can_encrypt()) action += kKeepRunning;
    findings.push_back({stopping ? Severity::kProblem : Severity::kWarning, text, action});
  }
}

void CheckReload(const State& state, std::vector<Finding>& findings) {
  if (!state.has_last_reload()) return;
  const admin::v1::LastReload& reload = state.last_reload();
  if (!reload.error_code().empty()) {
    findings.push_back({Severity::kWarning, "The last reload failed; signetd runs with the settings it had.",
                        absl::StrCat("signetd --check-config --config ", SafeText(state.config_file()),
                                     " names every problem; then signetctl reload.")});
  } else if (reload.needs_restart_size() > 0) {
    std::string fields;
    for (const admin::v1::ConfigChange& change : reload.needs_restart()) {
      absl::StrAppend(&fields, fields.empty() ? "" : ", ", SafeText(change.field()));
    }
    findings.push_back({Severity::kWarning,
                        absl::StrCat("Settings in the file that wait for a restart: ", fields, "."),
                        "Restart signetd when that suits; kube-apiserver goes on meanwhile."});
  }
}

void CheckKey(const State& state, absl::Time now, std::vector<Finding>& findings) {
  if (!state.has_active()) return;
  const admin::v1::ActiveKey& active = state.active();
  if (!active.stored() && !Says(state, "not_stored")) {
    findings.push_back({Severity::kWarning, "The local KEK could not be stored and ends with this process.",
                        absl::StrCat("Make room in ", SafeText(state.state_directory()),
                                     " and check its owner and mode; signetd tries again by itself.")});
  }
  const double age = ShareOfLifetime(active, now);
  const double used = active.local_kek_max_uses() == 0 ? 0
                                                       : static_cast<double>(active.local_kek_uses()) /
                                                             static_cast<double>(active.local_kek_max_uses());
  if ((age >= kLateShare || used >= kLateShare) && !Says(state, "limit_near")) {
    findings.push_back({Severity::kWarning,
                        age >= 1 || used >= 1 ? "The local KEK is past its limits and was not renewed."
                                              : "The renewal of the local KEK is late.",
                        "See signetd's log for why Wrap or Unwrap fails; Encrypt stops at the limit."});
  }
}

void CheckSocket(const State& state, std::vector<Finding>& findings) {
  const admin::v1::KmsSocket& socket = state.kms_socket();
  if (socket.connections() == 0) {
    findings.push_back(
        {Severity::kWarning, "No kube-apiserver is connected.",
         "Check its --encryption-provider-config against `signetctl encryption-config`, and that "
         "its pod mounts the socket's folder."});
  }
  if (socket.max_connections() > 0 && socket.connections() >= socket.max_connections()) {
    findings.push_back({Severity::kProblem,
                        "All connections are taken: the next kube-apiserver is turned away.",
                        "See who holds them (ss -xp), then raise kms_socket.max_connections."});
  }
  if (socket.rejected_peers() > 0) {
    findings.push_back(
        {Severity::kWarning,
         absl::StrCat(socket.rejected_peers(),
                      " connections of users not in kms_socket.allowed_uids "
                      "were refused since the start."),
         "If kube-apiserver runs as that user (signetd's log names it), add the uid; else find out "
         "who tried."});
  }
}

}  // namespace

std::vector<Finding> FindProblems(const State& state, absl::Time now) {
  std::vector<Finding> findings;
  AddProblems(state, now, /*stopping=*/true, findings);
  CheckEncrypt(state, findings);
  AddProblems(state, now, /*stopping=*/false, findings);
  CheckKey(state, now, findings);
  CheckSocket(state, findings);
  CheckReload(state, findings);
  if (!state.memory_locked()) {
    findings.push_back({Severity::kWarning,
                        "Not all of signetd's memory is locked: copies of keys may reach swap.",
                        "Give it CAP_IPC_LOCK or LimitMEMLOCK=infinity, then set memory_lock: required."});
  }
  return findings;
}

}  // namespace signet::ctl

#include "plugin/observability/log_observer.h"

#include <optional>
#include <string>

#include "crypto/digest.h"

namespace signet {
namespace {

// kube-apiserver sends UUIDs of 36 bytes; anything longer is somebody's game.
constexpr size_t kMaxUidBytes = 64;

// Buckets of the rate limit: one per kind of event and status code.
enum class Event { kCall, kRemoteCall, kPeerRefused, kConnectionRefused, kCredentials };
int Kind(Event event, int detail) { return static_cast<int>(event) * 100 + detail; }
int Kind(Event event, const absl::Status& status) { return Kind(event, static_cast<int>(status.code())); }

std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

// What callers do to themselves is info; the rest deserves an operator's look.
LogSeverity SeverityOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return LogSeverity::kInfo;
    default:
      return LogSeverity::kWarning;
  }
}

LogSeverity SeverityOf(KeyEvent::Kind kind) {
  switch (kind) {
    case KeyEvent::Kind::kRolledBack:
    case KeyEvent::Kind::kProviderChanged:
    case KeyEvent::Kind::kWritesStopped:
    case KeyEvent::Kind::kKeysPurged:
    case KeyEvent::Kind::kLimitNear:
    case KeyEvent::Kind::kPendingDropped:
      return LogSeverity::kWarning;
    default:
      return LogSeverity::kInfo;
  }
}

absl::string_view OperationName(HierarchyObserver::RemoteOperation operation) {
  switch (operation) {
    case HierarchyObserver::RemoteOperation::kDescribe:
      return "Describe";
    case HierarchyObserver::RemoteOperation::kWrap:
      return "Wrap";
    case HierarchyObserver::RemoteOperation::kUnwrap:
      return "Unwrap";
    case HierarchyObserver::RemoteOperation::kRotate:
      return "Rotate";
  }
  return "";
}

absl::string_view RefusalName(RpcObserver::ConnectionRefusal reason) {
  switch (reason) {
    case RpcObserver::ConnectionRefusal::kTooMany:
      return "too many connections";
    case RpcObserver::ConnectionRefusal::kNoPreface:
      return "no HTTP/2 preface in time";
    case RpcObserver::ConnectionRefusal::kNotHttp2:
      return "not HTTP/2";
    case RpcObserver::ConnectionRefusal::kOutOfDescriptors:
      return "out of file descriptors";
  }
  return "";
}

std::string HashOf(absl::string_view key_id) {
  return key_id.empty() ? std::string() : crypto::KeyIdHash(key_id);
}

}  // namespace

void LogObserver::OnActivated(const ActiveKey& key, absl::string_view reason) {
  log_.Write(LogSeverity::kInfo, "key active",
             {{"key_id", key.key_id},
              {"key_id_hash", key.key_id_hash},
              {"provider", key.provider_name},
              {"reason", reason},
              {"created", absl::FormatTime(absl::RFC3339_sec, key.created, absl::UTCTimeZone())},
              {"stored", key.stored}});
}

void LogObserver::OnActivationFailed(const absl::Status& status, absl::Duration retry_in) {
  log_.Write(
      LogSeverity::kWarning, "key not obtained or renewed",
      {{"code", CodeName(status)}, {"error", std::string(status.message())}, {"retry_in_ms", retry_in}});
}

void LogObserver::OnRemoteCall(absl::string_view provider, RemoteOperation operation,
                               const absl::Status& status, absl::Duration latency, absl::string_view uid) {
  const LogSeverity severity = status.ok() ? LogSeverity::kDebug : LogSeverity::kWarning;
  if (!log_.Enabled(severity)) return;
  uint64_t left_out = 0;
  if (!status.ok()) {
    const std::optional<uint64_t> admitted = failures_.Admit(Kind(Event::kRemoteCall, status));
    if (!admitted) return;
    left_out = *admitted;
  }
  log_.Write(severity, "remote call",
             {{"provider", provider},
              {"operation", OperationName(operation)},
              {"code", CodeName(status)},
              {"error", std::string(status.message())},
              {"duration_ms", latency},
              {"uid", uid, kMaxUidBytes},
              {"left_out", left_out == 0 ? "" : absl::StrCat(left_out)}});
}

void LogObserver::OnStateProblem(absl::string_view what, const absl::Status& status) {
  log_.Write(LogSeverity::kWarning, "state directory problem",
             {{"what", what}, {"code", CodeName(status)}, {"error", std::string(status.message())}});
}

void LogObserver::OnPrewarmed(size_t unwrapped, size_t failed) {
  log_.Write(LogSeverity::kInfo, "pre-warmed", {{"unwrapped", unwrapped}, {"failed", failed}});
}

void LogObserver::OnEvent(const KeyEvent& event) {
  // Its own line tells more.
  if (event.kind == KeyEvent::Kind::kKeyActivated) return;
  log_.Write(SeverityOf(event.kind), KeyEventName(event.kind),
             {{"provider", event.provider},
              {"key_id", event.key_id},
              {"key_id_hash", HashOf(event.key_id)},
              {"detail", event.detail},
              {"event", event.number}});
}

void LogObserver::OnCall(const RpcCall& call) {
  const bool audited = call.api == "admin";
  const LogSeverity severity = !call.status.ok() ? SeverityOf(call.status)
                               : audited         ? LogSeverity::kInfo
                                                 : LogSeverity::kDebug;
  if (!log_.Enabled(severity)) return;
  uint64_t left_out = 0;
  if (!audited && !call.status.ok()) {
    const std::optional<uint64_t> admitted = failures_.Admit(Kind(Event::kCall, call.status));
    if (!admitted) return;
    left_out = *admitted;
  }
  const PeerCredentials peer = call.peer();
  log_.Write(severity, audited ? "audit" : "call",
             {{"api", call.api},
              {"method", call.method},
              {"code", CodeName(call.status)},
              {"error", std::string(call.status.message())},
              {"duration_ms", call.duration},
              {"uid", call.uid, kMaxUidBytes},
              {"key_id_hash", HashOf(call.key_id)},
              {"peer_uid", peer.uid},
              {"peer_pid", peer.pid},
              {"left_out", left_out == 0 ? "" : absl::StrCat(left_out)}});
}

void LogObserver::OnStreamOpened(absl::string_view api, absl::string_view method,
                                 const PeerCredentials& peer) {
  const bool audited = api == "admin";
  log_.Write(audited ? LogSeverity::kInfo : LogSeverity::kDebug, audited ? "audit" : "call",
             {{"api", api},
              {"method", method},
              {"stream", "opened"},
              {"peer_uid", peer.uid},
              {"peer_pid", peer.pid}});
}

void LogObserver::OnPeerRefused(absl::string_view api, const PeerCredentials& peer) {
  const std::optional<uint64_t> left_out = failures_.Admit(Kind(Event::kPeerRefused, 0));
  if (!left_out) return;
  log_.Write(LogSeverity::kWarning, "peer not allowed",
             {{"api", api}, {"peer_uid", peer.uid}, {"peer_pid", peer.pid}, {"left_out", *left_out}});
}

void LogObserver::OnConnectionRefused(absl::string_view api, ConnectionRefusal reason,
                                      const PeerCredentials& peer) {
  const std::optional<uint64_t> left_out =
      failures_.Admit(Kind(Event::kConnectionRefused, static_cast<int>(reason)));
  if (!left_out) return;
  log_.Write(LogSeverity::kWarning, "connection refused",
             {{"api", api},
              {"reason", RefusalName(reason)},
              {"peer_uid", peer.uid},
              {"peer_pid", peer.pid},
              {"left_out", *left_out}});
}

void LogObserver::OnKeyringReloaded(absl::string_view path, uint64_t revision) {
  log_.Write(LogSeverity::kInfo, "keyring reloaded", {{"path", path}, {"revision", revision}});
}

void LogObserver::OnKeyringVersionActivated(absl::string_view path, uint32_t number) {
  log_.Write(LogSeverity::kInfo, "keyring version activated", {{"path", path}, {"version", number}});
}

void LogObserver::OnKeyringProblem(absl::string_view path, const absl::Status& status) {
  log_.Write(LogSeverity::kWarning, "keyring problem",
             {{"path", path}, {"code", CodeName(status)}, {"error", std::string(status.message())}});
}

void LogObserver::OnAttempt(absl::string_view provider, kms::RemoteOperation operation,
                            const absl::Status& status, absl::Duration latency) {
  // The call that the attempt belongs to is told about by OnRemoteCall.
  if (!log_.Enabled(LogSeverity::kDebug)) return;
  log_.Write(LogSeverity::kDebug, "remote attempt",
             {{"provider", provider},
              {"operation", kms::RemoteOperationName(operation)},
              {"code", CodeName(status)},
              {"error", std::string(status.message())},
              {"duration_ms", latency}});
}

void LogObserver::OnCircuit(absl::string_view provider, bool open) {
  log_.Write(open ? LogSeverity::kWarning : LogSeverity::kInfo,
             open ? "KMS failing: asking it less" : "KMS answers again", {{"provider", provider}});
}

void LogObserver::OnCredentials(absl::string_view provider, absl::string_view what,
                                const absl::Status& status) {
  const LogSeverity severity = status.ok() ? LogSeverity::kInfo : LogSeverity::kWarning;
  uint64_t left_out = 0;
  if (!status.ok()) {
    const std::optional<uint64_t> admitted = failures_.Admit(Kind(Event::kCredentials, status));
    if (!admitted) return;
    left_out = *admitted;
  }
  log_.Write(severity, "credentials",
             {{"provider", provider},
              {"what", what},
              {"code", CodeName(status)},
              {"error", std::string(status.message())},
              {"left_out", left_out == 0 ? "" : absl::StrCat(left_out)}});
}

}  // namespace signet

#include "plugin/cmd/common/daemon_client.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/server/unix_address.h"

namespace signet {
namespace {

constexpr absl::string_view kAnsweredPayload = "signet/answered";
// A configuration problem quotes a path and a rule.
constexpr size_t kMaxLineBytes = 1024;
// Names the channel; nothing is looked up.
constexpr char kTarget[] = "localhost";

absl::Status ConnectError(int error, const std::string& socket) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat(socket, ": no such socket; is signetd running?"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat(socket, ": permission denied; run this as root or as signetd's user"));
    case ECONNREFUSED:
      return absl::UnavailableError(absl::StrCat(socket, ": nobody listens there; signetd is not running"));
    case EAGAIN:
      return absl::UnavailableError(absl::StrCat(socket, ": too many connections wait; signetd hangs?"));
    case ENOTSOCK:
    case EPROTOTYPE:
      return absl::UnavailableError(absl::StrCat(socket, ": is no socket of signetd"));
    default:
      return absl::UnavailableError(absl::StrCat(socket, ": ", ::strerrordesc_np(error)));
  }
}

// Whether the other side, or gRPC itself for want of an answer that it understands, has ended the connection.
bool IsClosed(const UniqueFd& watch) {
  pollfd event{watch.get(), POLLIN | POLLRDHUP, 0};
  return ::poll(&event, 1, 0) < 0 || (event.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

std::string SafeLines(absl::string_view text) {
  return absl::StrJoin(absl::StrSplit(text, '\n'), "\n", [](std::string* out, absl::string_view line) {
    out->append(SafeText(line, kMaxLineBytes));
  });
}

}  // namespace

void SetTimeout(absl::Duration timeout, grpc::ClientContext& context) {
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_millis(absl::ToInt64Milliseconds(timeout), GPR_TIMESPAN)));
}

// gRPC does not tell an answer from a failure on the way (UNAVAILABLE is either), but the connection does:
// after an answer it is still open.
absl::Status FromGrpc(const DaemonChannel& connection, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kDeadlineExceeded) {
    return absl::DeadlineExceededError(
        absl::StrCat(connection.socket, ": no answer in time; signetd hangs or is overloaded"));
  }
  if (IsClosed(connection.watch)) {
    return absl::UnavailableError(absl::StrCat(
        connection.socket, ": the connection was closed; signetd stops, has too many connections, or uid ",
        ::geteuid(), " is not in the socket's allowed_uids"));
  }
  absl::Status answered(code, SafeLines(status.error_message()));
  answered.SetPayload(kAnsweredPayload, absl::Cord("1"));
  return answered;
}

bool AnsweredByDaemon(const absl::Status& status) { return status.GetPayload(kAnsweredPayload).has_value(); }

absl::StatusOr<DaemonChannel> ConnectToDaemon(const std::string& socket) {
  std::string name = socket;
  std::error_code ignored;
  if (!name.empty() && name.front() != '@') name = std::filesystem::absolute(name, ignored).string();
  SIGNET_ASSIGN_OR_RETURN(const UnixAddress address, ParseUnixAddress(name, /*allow_abstract=*/true));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ::connect(fd.get(), address.get(), address.size) != 0)
    return ConnectError(errno, socket);
  grpc::ChannelArguments arguments;
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, kTarget);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  UniqueFd watch(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!watch.valid()) return ConnectError(errno, socket);
  // The channel owns the first descriptor from here on.
  return DaemonChannel{socket, grpc::CreateCustomInsecureChannelFromFd(kTarget, fd.Release(), arguments),
                       std::move(watch)};
}

absl::StatusOr<KmsConnection> KmsConnection::Open(const std::string& socket) {
  SIGNET_ASSIGN_OR_RETURN(DaemonChannel connection, ConnectToDaemon(socket));
  return KmsConnection(std::move(connection));
}

absl::StatusOr<v2::StatusResponse> KmsConnection::Status(absl::Duration timeout) {
  return CallDaemon(connection_, *stub_, &v2::KeyManagementService::Stub::Status, v2::StatusRequest(),
                    timeout);
}

absl::StatusOr<v2::EncryptResponse> KmsConnection::Encrypt(const v2::EncryptRequest& request,
                                                           absl::Duration timeout) {
  return CallDaemon(connection_, *stub_, &v2::KeyManagementService::Stub::Encrypt, request, timeout);
}

absl::StatusOr<v2::DecryptResponse> KmsConnection::Decrypt(const v2::DecryptRequest& request,
                                                           absl::Duration timeout) {
  return CallDaemon(connection_, *stub_, &v2::KeyManagementService::Stub::Decrypt, request, timeout);
}

}  // namespace signet

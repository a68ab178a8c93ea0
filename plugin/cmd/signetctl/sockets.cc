#include "plugin/cmd/signetctl/sockets.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "plugin/config/config_loader.h"

namespace signet::ctl {
namespace {

constexpr size_t kMaxSocketNameBytes = 107;

absl::StatusOr<std::string> CheckSocketName(absl::string_view option, absl::string_view given) {
  absl::string_view socket = given;
  if (absl::ConsumePrefix(&socket, "unix://")) {
    if (absl::string_view name = socket; absl::ConsumePrefix(&name, "/@")) socket = socket.substr(1);
  }
  if (socket.empty() || socket == "@" || socket.size() > kMaxSocketNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": must be a path or @name of at most ", kMaxSocketNameBytes, " bytes"));
  }
  return std::string(socket);
}

absl::StatusOr<Config> LoadGivenConfig(const GlobalOptions& globals, absl::string_view option) {
  absl::StatusOr<Config> config = LoadConfigFile(globals.config);
  if (config.ok() || globals.config_given || config.status().code() == absl::StatusCode::kInvalidArgument) {
    return config;
  }
  return absl::Status(config.status().code(), absl::StrCat("give --config or ", option,
                                                           ", as the default configuration cannot be read: ",
                                                           config.status().message()));
}

}  // namespace

absl::StatusOr<std::string> FindKmsSocket(const GlobalOptions& globals) {
  if (!globals.kms_socket.empty()) return CheckSocketName("--kms-socket", globals.kms_socket);
  SIGNET_ASSIGN_OR_RETURN(Config config, LoadGivenConfig(globals, "--kms-socket"));
  return config.kms_socket.path;
}

absl::StatusOr<std::string> FindAdminSocket(const GlobalOptions& globals) {
  if (!globals.admin_socket.empty()) return CheckSocketName("--admin-socket", globals.admin_socket);
  SIGNET_ASSIGN_OR_RETURN(Config config, LoadGivenConfig(globals, "--admin-socket"));
  return config.admin_socket.path;
}

std::string KmsEndpoint(absl::string_view socket) {
  return absl::StrCat(socket.front() == '@' ? "unix:///" : "unix://", socket);
}

}  // namespace signet::ctl

#include "plugin/cmd/signetd/sockets.h"

#include <grp.h>
#include <pwd.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet {
namespace {

absl::StatusOr<std::optional<uid_t>> ResolveUser(const std::optional<std::string>& name) {
  uid_t uid = 0;
  if (!name.has_value()) return std::nullopt;
  if (absl::SimpleAtoi(*name, &uid)) return uid;
  // Sockets are opened by main, one after the other. NOLINTNEXTLINE(concurrency-mt-unsafe)
  const passwd* const entry = ::getpwnam(name->c_str());
  if (entry == nullptr) return absl::NotFoundError(absl::StrCat("kms_socket.owner: no user ", *name));
  return entry->pw_uid;
}

absl::StatusOr<std::optional<gid_t>> ResolveGroup(const std::optional<std::string>& name) {
  gid_t gid = 0;
  if (!name.has_value()) return std::nullopt;
  if (absl::SimpleAtoi(*name, &gid)) return gid;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
  const group* const entry = ::getgrnam(name->c_str());
  if (entry == nullptr) return absl::NotFoundError(absl::StrCat("kms_socket.group: no group ", *name));
  return entry->gr_gid;
}

absl::StatusOr<std::unique_ptr<UnixListener>> Open(const UnixListenerOptions& options, UniqueFd inherited) {
  return inherited.valid() ? UnixListener::Adopt(std::move(inherited), options)
                           : UnixListener::Create(options);
}

}  // namespace

absl::StatusOr<Sockets> OpenSockets(const Config& config, InheritedSockets inherited) {
  UnixListenerOptions kms;
  kms.path = config.kms_socket.path;
  kms.allow_abstract = config.kms_socket.allow_abstract;
  kms.mode = config.kms_socket.mode;
  SIGNET_ASSIGN_OR_RETURN(kms.owner, ResolveUser(config.kms_socket.owner));
  SIGNET_ASSIGN_OR_RETURN(kms.group, ResolveGroup(config.kms_socket.group));
  UnixListenerOptions admin;
  admin.path = config.admin_socket.path;
  Sockets sockets;
  SIGNET_ASSIGN_OR_RETURN(sockets.kms, Open(kms, std::move(inherited.kms)));
  SIGNET_ASSIGN_OR_RETURN(sockets.admin, Open(admin, std::move(inherited.admin)));
  return sockets;
}

}  // namespace signet

#include "plugin/server/systemd.h"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace signet {

absl::StatusOr<InheritedSockets> TakeInheritedSockets() {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(/*unset_environment=*/1, &names);
  if (count < 0) return absl::InvalidArgumentError("LISTEN_FDS or LISTEN_FDNAMES is malformed");
  InheritedSockets sockets;
  absl::Status problem;
  for (int i = 0; i < count; ++i) {
    UniqueFd socket(SD_LISTEN_FDS_START + i);
    const std::string name = names[i];
    std::free(names[i]);
    UniqueFd* place = name == "kms" ? &sockets.kms : name == "admin" ? &sockets.admin : nullptr;
    if (place == nullptr || place->valid()) {
      problem = absl::InvalidArgumentError(
          absl::StrCat("systemd passed ", place == nullptr ? "an unknown socket \"" : "a second socket \"",
                       name, "\": set FileDescriptorName= to kms or admin in each .socket unit"));
      continue;
    }
    *place = std::move(socket);
  }
  std::free(names);
  if (!problem.ok()) return problem;
  return sockets;
}

void NotifyReady() { ::sd_notify(0, "READY=1"); }
void NotifyStopping() { ::sd_notify(0, "STOPPING=1"); }

}  // namespace signet

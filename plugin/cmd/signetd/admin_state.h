// The admin API's answers that are put together from what the parts of the daemon know.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_ADMIN_STATE_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_ADMIN_STATE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugin/cmd/signetd/reload.h"
#include "plugin/config/config.h"
#include "plugin/hierarchy/key_hierarchy.h"
#include "plugin/server/kms_server.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet {

struct DaemonFacts {
  std::string config_file;
  absl::Time started;
  bool memory_locked = false;
  std::vector<Provider> providers;
};

// From memory; blocks on nothing but short locks. Thread-safe.
void FillAdminState(const Config& config, const DaemonFacts& facts, const KeyHierarchy& hierarchy,
                    const KmsServer& kms_server, const Reloader& reloader,
                    admin::v1::GetStateResponse& response);

// The answer of ReloadConfig. Pure.
absl::StatusOr<admin::v1::ReloadConfigResponse> ToReloadResponse(const ReloadReport& report);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_ADMIN_STATE_H_

// From the configuration of a `local` provider to what the provider takes. Thread-safe as long as nobody
// changes the environment; nothing blocks.
#ifndef SIGNET_PLUGIN_CMD_COMMON_LOCAL_PROVIDER_H_
#define SIGNET_PLUGIN_CMD_COMMON_LOCAL_PROVIDER_H_

#include "absl/status/statusor.h"
#include "kms_client/local/local_kms_client.h"
#include "plugin/config/config.h"

namespace signet {

// INVALID_ARGUMENT: the credential's name; FAILED_PRECONDITION: systemd passed no credentials.
absl::StatusOr<kms::LocalKmsOptions> MakeLocalKmsOptions(const LocalProviderConfig& config);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_LOCAL_PROVIDER_H_

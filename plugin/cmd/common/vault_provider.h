// From the configuration of a `vault` provider to its client.
#ifndef SIGNET_PLUGIN_CMD_COMMON_VAULT_PROVIDER_H_
#define SIGNET_PLUGIN_CMD_COMMON_VAULT_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/config/config.h"

namespace signet {

// With transport and resilience around it; contacts nobody. InitializeHttpLibrary() came before.
// FAILED_PRECONDITION: systemd passed no credentials. All references outlive the client.
absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeVaultProvider(const std::string& name,
                                                                  const VaultProviderConfig& config,
                                                                  const Clock& clock,
                                                                  crypto::RandomSource& random,
                                                                  kms::RemoteCallObserver& observer);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_VAULT_PROVIDER_H_

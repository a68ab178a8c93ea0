// From the configuration of an `alibaba` provider to its client.
#ifndef SIGNET_PLUGIN_CMD_COMMON_ALIBABA_PROVIDER_H_
#define SIGNET_PLUGIN_CMD_COMMON_ALIBABA_PROVIDER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/alibaba/alibaba_settings.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/config/config.h"

namespace signet {

// With the endpoints that gateway and region mean. FAILED_PRECONDITION: systemd passed no credentials.
absl::StatusOr<kms::AlibabaSettings> AlibabaSettingsFrom(const AlibabaProviderConfig& config);

// With transport and resilience around it; contacts nobody. InitializeHttpLibrary() came before.
// FAILED_PRECONDITION: systemd passed no credentials. All references outlive the client.
absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeAlibabaProvider(const std::string& name,
                                                                    const AlibabaProviderConfig& config,
                                                                    const Clock& clock,
                                                                    crypto::RandomSource& random,
                                                                    kms::RemoteCallObserver& observer);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_ALIBABA_PROVIDER_H_

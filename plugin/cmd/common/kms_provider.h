// From the configuration of a provider to its client: the only place that knows every backend.
#ifndef SIGNET_PLUGIN_CMD_COMMON_KMS_PROVIDER_H_
#define SIGNET_PLUGIN_CMD_COMMON_KMS_PROVIDER_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"
#include "kms_client/local/keyring_observer.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/config/config.h"

namespace signet {

// What clients are made with. All of it outlives them; `keyring_observer` may be null.
struct KmsProviderParts {
  const Clock& clock;
  crypto::RandomSource& random;
  DurableFiles& files;
  kms::KeyringObserver* keyring_observer = nullptr;
  kms::RemoteCallObserver& remote_observer;
};

// Initialises the HTTP library where one of them needs it: call this once, before other threads use the
// network. UNAVAILABLE: the library's own.
absl::Status PrepareKmsProviders(const std::vector<ProviderConfig>& configs);

// The message names the provider. PrepareKmsProviders came before. Contacts nobody; blocks on the disk and,
// for a sealed keyring, for scrypt. INVALID_ARGUMENT: settings; else as the backend's factory.
absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeKmsProvider(const ProviderConfig& config,
                                                                const KmsProviderParts& parts);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_KMS_PROVIDER_H_

#include "plugin/cmd/signetd/providers.h"

#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "plugin/cmd/common/kms_provider.h"

namespace signet {

absl::StatusOr<std::vector<Provider>> MakeProviders(const std::vector<ProviderConfig>& configs,
                                                    const Clock& clock, crypto::RandomSource& random,
                                                    DurableFiles& files,
                                                    kms::KeyringObserver& keyring_observer,
                                                    kms::RemoteCallObserver& remote_observer) {
  SIGNET_RETURN_IF_ERROR(PrepareKmsProviders(configs));
  const KmsProviderParts parts{clock, random, files, &keyring_observer, remote_observer};
  std::vector<Provider> providers;
  for (const ProviderConfig& config : configs) {
    SIGNET_ASSIGN_OR_RETURN(std::unique_ptr<kms::KmsClient> client, MakeKmsProvider(config, parts));
    providers.push_back({config.name, std::move(client)});
  }
  return providers;
}

}  // namespace signet

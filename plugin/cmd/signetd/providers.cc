#include "plugin/cmd/signetd/providers.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/http/http_library.h"
#include "kms_client/local/local_kms_client.h"
#include "plugin/cmd/common/local_provider.h"
#include "plugin/cmd/common/vault_provider.h"

namespace signet {

absl::StatusOr<std::vector<Provider>> MakeProviders(const std::vector<ProviderConfig>& configs,
                                                    const Clock& clock, crypto::RandomSource& random,
                                                    DurableFiles& files,
                                                    kms::KeyringObserver& keyring_observer,
                                                    kms::RemoteCallObserver& remote_observer) {
  if (std::any_of(configs.begin(), configs.end(),
                  [](const ProviderConfig& config) { return config.vault.has_value(); })) {
    SIGNET_RETURN_IF_ERROR(kms::InitializeHttpLibrary());
  }
  std::vector<Provider> providers;
  for (const ProviderConfig& config : configs) {
    const auto explain = [&config](const absl::Status& status) {
      return absl::Status(status.code(), absl::StrCat("provider ", config.name, ": ", status.message()));
    };
    absl::StatusOr<std::unique_ptr<kms::KmsClient>> client =
        absl::InvalidArgumentError(absl::StrCat("no such type: ", config.type));
    if (config.local.has_value()) {
      absl::StatusOr<kms::LocalKmsOptions> options = MakeLocalKmsOptions(*config.local);
      if (!options.ok()) return explain(options.status());
      client = kms::MakeLocalKmsClient(*std::move(options), clock, random, files, &keyring_observer);
    } else if (config.vault.has_value()) {
      client = MakeVaultProvider(config.name, *config.vault, clock, random, remote_observer);
    }
    if (!client.ok()) return explain(client.status());
    providers.push_back({config.name, *std::move(client)});
  }
  return providers;
}

}  // namespace signet

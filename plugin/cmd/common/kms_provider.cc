#include "plugin/cmd/common/kms_provider.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kms_client/http/http_library.h"
#include "kms_client/local/local_kms_client.h"
#include "plugin/cmd/common/alibaba_provider.h"
#include "plugin/cmd/common/local_provider.h"
#include "plugin/cmd/common/vault_provider.h"

namespace signet {
namespace {

absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeClient(const ProviderConfig& config,
                                                           const KmsProviderParts& parts) {
  if (config.local.has_value()) {
    absl::StatusOr<kms::LocalKmsOptions> options = MakeLocalKmsOptions(*config.local);
    if (!options.ok()) return options.status();
    return kms::MakeLocalKmsClient(*std::move(options), parts.clock, parts.random, parts.files,
                                   parts.keyring_observer);
  }
  if (config.vault.has_value()) {
    return MakeVaultProvider(config.name, *config.vault, parts.clock, parts.random, parts.remote_observer);
  }
  if (config.alibaba.has_value()) {
    return MakeAlibabaProvider(config.name, *config.alibaba, parts.clock, parts.random,
                               parts.remote_observer);
  }
  return absl::InvalidArgumentError(absl::StrCat("no such type: ", config.type));
}

}  // namespace

absl::Status PrepareKmsProviders(const std::vector<ProviderConfig>& configs) {
  const bool any_remote = std::any_of(configs.begin(), configs.end(), [](const ProviderConfig& config) {
    return config.vault.has_value() || config.alibaba.has_value();
  });
  return any_remote ? kms::InitializeHttpLibrary() : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeKmsProvider(const ProviderConfig& config,
                                                                const KmsProviderParts& parts) {
  absl::StatusOr<std::unique_ptr<kms::KmsClient>> client = MakeClient(config, parts);
  if (client.ok()) return client;
  return absl::Status(client.status().code(),
                      absl::StrCat("provider ", config.name, ": ", client.status().message()));
}

}  // namespace signet

#include "plugin/cmd/signetd/providers.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/local/keyring_seal.h"
#include "kms_client/local/local_kms_client.h"

namespace signet {
namespace {

absl::StatusOr<kms::SealSource> SealOf(const LocalProviderConfig& config) {
  if (!config.passphrase_file.empty()) return kms::SealSource::PassphraseFile(config.passphrase_file);
  if (config.passphrase_credential.empty()) return kms::SealSource();
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return kms::SealSource::Credential(directory == nullptr ? "" : directory, config.passphrase_credential);
}

}  // namespace

absl::StatusOr<std::vector<Provider>> MakeProviders(const std::vector<ProviderConfig>& configs,
                                                    const Clock& clock, crypto::RandomSource& random,
                                                    DurableFiles& files, kms::KeyringObserver& observer) {
  std::vector<Provider> providers;
  for (const ProviderConfig& config : configs) {
    const auto explain = [&config](const absl::Status& status) {
      return absl::Status(status.code(), absl::StrCat("provider ", config.name, ": ", status.message()));
    };
    if (!config.local.has_value()) {
      return explain(absl::InvalidArgumentError(absl::StrCat("no such type: ", config.type)));
    }
    absl::StatusOr<kms::SealSource> seal = SealOf(*config.local);
    if (!seal.ok()) return explain(seal.status());
    absl::StatusOr<std::unique_ptr<kms::KmsClient>> client =
        kms::MakeLocalKmsClient({config.local->keyring, *std::move(seal)}, clock, random, files, &observer);
    if (!client.ok()) return explain(client.status());
    providers.push_back({config.name, *std::move(client)});
  }
  return providers;
}

}  // namespace signet

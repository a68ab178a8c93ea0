#include "plugin/cmd/signetd/providers.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/local/local_kms_client.h"
#include "plugin/cmd/common/local_provider.h"

namespace signet {

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
    absl::StatusOr<kms::LocalKmsOptions> options = MakeLocalKmsOptions(*config.local);
    if (!options.ok()) return explain(options.status());
    absl::StatusOr<std::unique_ptr<kms::KmsClient>> client =
        kms::MakeLocalKmsClient(*std::move(options), clock, random, files, &observer);
    if (!client.ok()) return explain(client.status());
    providers.push_back({config.name, *std::move(client)});
  }
  return providers;
}

}  // namespace signet

#include "plugin/cmd/common/local_provider.h"

#include <cstdlib>

#include "base/status_macros.h"

namespace signet {

absl::StatusOr<kms::LocalKmsOptions> MakeLocalKmsOptions(const LocalProviderConfig& config) {
  kms::LocalKmsOptions options;
  options.keyring = config.keyring;
  options.allow_rotate = config.allow_rotate;
  if (!config.passphrase_file.empty()) {
    options.seal = kms::SealSource::PassphraseFile(config.passphrase_file);
  } else if (!config.passphrase_credential.empty()) {
    // Nothing of ours ever changes the environment. NOLINTNEXTLINE(concurrency-mt-unsafe)
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    SIGNET_ASSIGN_OR_RETURN(options.seal, kms::SealSource::Credential(directory == nullptr ? "" : directory,
                                                                      config.passphrase_credential));
  }
  return options;
}

}  // namespace signet

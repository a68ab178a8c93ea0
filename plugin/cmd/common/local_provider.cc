#include "plugin/cmd/common/local_provider.h"

#include "base/status_macros.h"
#include "plugin/cmd/common/credentials_directory.h"

namespace signet {

absl::StatusOr<kms::LocalKmsOptions> MakeLocalKmsOptions(const LocalProviderConfig& config) {
  kms::LocalKmsOptions options;
  options.keyring = config.keyring;
  options.allow_rotate = config.allow_rotate;
  if (!config.passphrase_file.empty()) {
    options.seal = kms::SealSource::PassphraseFile(config.passphrase_file);
  } else if (!config.passphrase_credential.empty()) {
    SIGNET_ASSIGN_OR_RETURN(
        options.seal, kms::SealSource::Credential(CredentialsDirectory(), config.passphrase_credential));
  }
  return options;
}

}  // namespace signet

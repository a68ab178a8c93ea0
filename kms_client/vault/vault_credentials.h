// Vault tokens: from a file, or by logging in; renewed while Vault prolongs them.
#ifndef SIGNET_KMS_CLIENT_VAULT_VAULT_CREDENTIALS_H_
#define SIGNET_KMS_CLIENT_VAULT_VAULT_CREDENTIALS_H_

#include <memory>
#include <string>

#include "crypto/sensitive_string.h"
#include "kms_client/auth/credentials.h"
#include "kms_client/remote_call_observer.h"
#include "kms_client/vault/vault_api.h"
#include "kms_client/vault/vault_settings.h"

namespace signet::kms {

struct VaultToken final : Credentials {
  crypto::SensitiveString token;
  bool renewable = false;
  // Vault confirmed it when it was obtained: by a login, a renewal or a look-up of itself.
  bool is_proven = false;
  // What the login granted; renewals that bring less than half of it show that the end is near.
  absl::Duration granted = absl::InfiniteDuration();
  uint64_t file_generation = 0;  // of a token file
};

// Fetch renews `previous` where that may be done, else reads the file or logs in. `provider` is the
// configured name. `api` and `observer` outlive the object.
std::unique_ptr<CredentialsProvider> MakeVaultCredentials(const VaultAuthSettings& settings, VaultApi& api,
                                                          std::string provider, RemoteCallObserver& observer);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_VAULT_CREDENTIALS_H_

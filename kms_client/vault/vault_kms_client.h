// The KmsClient for a Transit key of HashiCorp Vault or OpenBao: one attempt per call, failover between the
// cluster's addresses and one re-authentication included. Decorate it with resilience/.
#ifndef SIGNET_KMS_CLIENT_VAULT_VAULT_KMS_CLIENT_H_
#define SIGNET_KMS_CLIENT_VAULT_VAULT_KMS_CLIENT_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "kms_client/http/http_transport.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"
#include "kms_client/vault/vault_settings.h"

namespace signet::kms {

// `provider` is the configured name, for the observer. Does nothing until the first call: neither Vault nor
// the files of `settings` need to be there. `clock` and `observer` outlive the client.
std::unique_ptr<KmsClient> MakeVaultKmsClient(VaultSettings settings,
                                              std::unique_ptr<HttpTransport> transport,
                                              const std::string& provider, const Clock& clock,
                                              RemoteCallObserver& observer);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_VAULT_KMS_CLIENT_H_

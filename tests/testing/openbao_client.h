// A KmsClient for a test's OpenBao, over the real transport.
#ifndef SIGNET_TESTS_TESTING_OPENBAO_CLIENT_H_
#define SIGNET_TESTS_TESTING_OPENBAO_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"
#include "kms_client/vault/vault_settings.h"

namespace signet::testing {

// What signetd needs of Transit key `key`, as manifests/config/vault.md has it.
std::string TransitPolicy(const std::string& key);

// Settings for `key` with a token file.
kms::VaultSettings SettingsFor(const std::vector<std::string>& addresses, const std::string& key,
                               const std::string& token_file);

// `ca_file` is empty for plain HTTP; the certificate pair for mutual TLS only. The references outlive the
// client.
std::unique_ptr<kms::KmsClient> ConnectOpenBao(const kms::VaultSettings& settings,
                                               kms::RemoteCallObserver& observer,
                                               const std::string& ca_file = "",
                                               const std::string& certificate_file = "",
                                               const std::string& key_file = "",
                                               const Clock& clock = SystemClock());

// Writes a file that only we may read, as an agent does: beside it, then moved over it.
void WriteSecretFile(const std::string& path, const std::string& text);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_OPENBAO_CLIENT_H_

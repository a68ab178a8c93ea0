#include "plugin/cmd/common/vault_provider.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/resilience/resilient_kms_client.h"
#include "kms_client/vault/vault_kms_client.h"
#include "plugin/cmd/common/credentials_directory.h"

namespace signet {
namespace {

kms::VaultAuthMethod MethodFrom(VaultMethod method) {
  switch (method) {
    case VaultMethod::kTokenFile:
      return kms::VaultAuthMethod::kTokenFile;
    case VaultMethod::kAppRole:
      return kms::VaultAuthMethod::kAppRole;
    case VaultMethod::kKubernetes:
      return kms::VaultAuthMethod::kKubernetes;
    case VaultMethod::kJwt:
      return kms::VaultAuthMethod::kJwt;
    case VaultMethod::kCertificate:
      return kms::VaultAuthMethod::kCertificate;
  }
  return kms::VaultAuthMethod::kTokenFile;
}

kms::HttpSettings HttpSettingsFrom(const VaultProviderConfig& config) {
  kms::HttpSettings http;
  http.tls.ca_file = config.tls.ca_file;
  http.tls.client_certificate_file = config.tls.client_certificate_file;
  http.tls.client_key_file = config.tls.client_key_file;
  http.tls.server_name = config.tls.server_name;
  http.proxy.url = config.proxy.url;
  http.proxy.no_proxy = config.proxy.no_proxy;
  http.total_timeout = config.timeout;
  http.connect_timeout = config.timeout / 2;
  // The configuration takes http:// for loopback only.
  http.allow_plain_http =
      std::any_of(config.addresses.begin(), config.addresses.end(),
                  [](const std::string& address) { return absl::StartsWith(address, "http://"); });
  return http;
}

}  // namespace

absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeVaultProvider(const std::string& name,
                                                                  const VaultProviderConfig& config,
                                                                  const Clock& clock,
                                                                  crypto::RandomSource& random,
                                                                  kms::RemoteCallObserver& observer) {
  kms::VaultSettings settings;
  settings.addresses = config.addresses;
  settings.name_space = config.name_space;
  settings.mount = config.mount;
  settings.key = config.key;
  settings.instance = config.instance;
  settings.auth.method = MethodFrom(config.auth.method);
  settings.auth.mount = config.auth.mount;
  settings.auth.role = config.auth.role;
  settings.auth.role_id = config.auth.role_id;
  SIGNET_ASSIGN_OR_RETURN(settings.auth.secret_file,
                          SecretPath(config.auth.secret_file, config.auth.secret_credential));
  std::unique_ptr<kms::KmsClient> client = kms::MakeVaultKmsClient(
      std::move(settings), kms::MakeCurlTransport(HttpSettingsFrom(config), clock), name, clock, observer);
  return kms::MakeResilientKmsClient(std::move(client), kms::ResilienceSettings(), name, clock, random,
                                     observer);
}

}  // namespace signet

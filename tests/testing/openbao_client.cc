#include "tests/testing/openbao_client.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/http/http_library.h"
#include "kms_client/vault/vault_kms_client.h"

namespace signet::testing {

std::string TransitPolicy(const std::string& key) {
  return absl::StrCat("path \"transit/encrypt/", key, "\" { capabilities = [\"update\"] }\n",
                      "path \"transit/decrypt/", key, "\" { capabilities = [\"update\"] }\n",
                      "path \"transit/keys/", key, "\" { capabilities = [\"read\"] }\n",
                      "path \"auth/token/lookup-self\" { capabilities = [\"read\"] }\n",
                      "path \"auth/token/renew-self\" { capabilities = [\"update\"] }\n");
}

kms::VaultSettings SettingsFor(const std::vector<std::string>& addresses, const std::string& key,
                               const std::string& token_file) {
  kms::VaultSettings settings;
  settings.addresses = addresses;
  settings.key = key;
  settings.instance = "test";
  settings.auth.method = kms::VaultAuthMethod::kTokenFile;
  settings.auth.secret_file = token_file;
  return settings;
}

std::unique_ptr<kms::KmsClient> ConnectOpenBao(const kms::VaultSettings& settings,
                                               kms::RemoteCallObserver& observer, const std::string& ca_file,
                                               const std::string& certificate_file,
                                               const std::string& key_file, const Clock& clock) {
  if (!kms::InitializeHttpLibrary().ok()) std::abort();
  kms::HttpSettings http;
  http.allow_plain_http = ca_file.empty();
  http.tls.ca_file = ca_file;
  http.tls.client_certificate_file = certificate_file;
  http.tls.client_key_file = key_file;
  // The machine that runs tests may be busy.
  http.connect_timeout = http.total_timeout = absl::Minutes(1);
  return kms::MakeVaultKmsClient(settings, kms::MakeCurlTransport(http, clock), "primary", clock, observer);
}

void WriteSecretFile(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  std::ofstream(temporary) << text;
  if (::chmod(temporary.c_str(), 0600) != 0) std::abort();
  std::filesystem::rename(temporary, path);
}

}  // namespace signet::testing

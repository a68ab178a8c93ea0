// VaultSettings: one Transit key in one HashiCorp Vault or OpenBao, and how we authenticate. Plain values,
// checked where the configuration is read.
#ifndef SIGNET_KMS_CLIENT_VAULT_VAULT_SETTINGS_H_
#define SIGNET_KMS_CLIENT_VAULT_VAULT_SETTINGS_H_

#include <string>
#include <vector>

namespace signet::kms {

enum class VaultAuthMethod { kTokenFile, kAppRole, kKubernetes, kJwt, kCertificate };

struct VaultAuthSettings {
  VaultAuthMethod method = VaultAuthMethod::kTokenFile;
  // Where the method is mounted below auth/. Not for token files.
  std::string mount;
  // Kubernetes, JWT; for certificates it may be empty: any role that matches.
  std::string role;
  // AppRole: no secret.
  std::string role_id;
  // Token, AppRole's secret id, or JWT.
  std::string secret_file;
};

struct VaultSettings {
  // "https://host:port" without a path. All lead to one cluster; the first that answers is used.
  std::vector<std::string> addresses;
  // Empty: none.
  std::string name_space;
  std::string mount = "transit";
  std::string key;
  // Names the Vault cluster in the fingerprint, whatever its addresses become. Never changed.
  std::string instance;
  VaultAuthSettings auth;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_VAULT_SETTINGS_H_

#include "plugin/config/vault_reader.h"

#include "plugin/config/remote_rules.h"

namespace signet {
namespace {

constexpr size_t kMaxAddresses = 8;
absl::string_view DefaultMount(VaultMethod method) {
  switch (method) {
    case VaultMethod::kTokenFile:
      return "";
    case VaultMethod::kAppRole:
      return "approle";
    case VaultMethod::kKubernetes:
      return "kubernetes";
    case VaultMethod::kJwt:
      return "jwt";
    case VaultMethod::kCertificate:
      return "cert";
  }
  return "";
}

VaultAuthConfig ReadAuth(SectionReader section) {
  VaultAuthConfig auth;
  section.Required("method",
                   OneOf<VaultMethod>({{"token_file", VaultMethod::kTokenFile},
                                       {"app_role", VaultMethod::kAppRole},
                                       {"kubernetes", VaultMethod::kKubernetes},
                                       {"jwt", VaultMethod::kJwt},
                                       {"certificate", VaultMethod::kCertificate}}),
                   auth.method);
  auth.mount = std::string(DefaultMount(auth.method));
  section.Optional("mount", PathOfNames("a path below auth/"), auth.mount);
  section.Optional("role", Name("a role"), auth.role);
  section.Optional("role_id", Name("a role id"), auth.role_id);
  section.Optional("secret_file", SecretFilePath(), auth.secret_file);
  section.Optional("secret_credential", CredentialName(), auth.secret_credential);
  const bool has_method = section.Has("method");
  const VaultMethod method = auth.method;
  if (has_method) {
    CheckPresence(section, "mount", false, method != VaultMethod::kTokenFile);
    const bool needs_role = method == VaultMethod::kKubernetes || method == VaultMethod::kJwt;
    CheckPresence(section, "role", needs_role, needs_role || method == VaultMethod::kCertificate);
    CheckPresence(section, "role_id", method == VaultMethod::kAppRole, method == VaultMethod::kAppRole);
    const bool has_secret = section.Has("secret_file") || section.Has("secret_credential");
    const bool needs_secret = method != VaultMethod::kCertificate;
    CheckPresence(section, "secret_file", needs_secret && !has_secret, needs_secret);
    CheckPresence(section, "secret_credential", false, needs_secret);
  }
  if (section.Has("secret_file") && section.Has("secret_credential")) {
    section.Report("secret_credential", "excludes secret_file: keep one of the two");
  }
  section.Finish();
  return auth;
}

TlsConfig ReadTls(SectionReader section, bool needs_certificate) {
  TlsConfig tls;
  section.Optional("ca_file", AbsolutePath(), tls.ca_file);
  section.Optional("client_certificate_file", AbsolutePath(), tls.client_certificate_file);
  section.Optional("client_key_file", SecretFilePath(), tls.client_key_file);
  section.Optional("server_name", HostName(), tls.server_name);
  const bool has_certificate = section.Has("client_certificate_file");
  if (has_certificate != section.Has("client_key_file")) {
    section.Report(has_certificate ? "client_key_file" : "client_certificate_file",
                   "is missing: certificate and key go together");
  } else if (needs_certificate && !has_certificate && !section.listing()) {
    section.Report("client_certificate_file", "is missing: auth.method certificate needs it");
  }
  section.Finish();
  return tls;
}

}  // namespace

VaultProviderConfig ReadVaultProvider(SectionReader& section) {
  VaultProviderConfig vault;
  std::string address;
  section.Optional("address", ServiceAddress(), address);
  section.OptionalList("addresses", ServiceAddress(), kMaxAddresses, vault.addresses);
  if (!section.listing()) {
    if (section.Has("address") && section.Has("addresses")) {
      section.Report("addresses", "excludes address: keep one of the two");
    } else if (!section.Has("address") && !section.Has("addresses")) {
      section.Report("address", "is missing: https://host:port");
    } else if (section.Has("addresses") && vault.addresses.empty()) {
      section.Report("addresses", "must have at least one item");
    }
  }
  if (!address.empty()) vault.addresses = {address};
  section.Optional("namespace", PathOfNames("a namespace"), vault.name_space);
  section.Optional("mount", PathOfNames("the mount of Transit"), vault.mount);
  section.Required("key", Name("the name of a Transit key"), vault.key);
  section.Required("instance", Name("a name for this Vault that never changes"), vault.instance);
  section.Optional("timeout", DurationBetween(absl::Milliseconds(100), absl::Seconds(30)), vault.timeout);
  vault.auth = ReadAuth(section.Section("auth"));
  vault.tls = ReadTls(section.Section("tls"), vault.auth.method == VaultMethod::kCertificate);
  vault.proxy = ReadProxy(section, vault.addresses);
  section.Finish();
  return vault;
}

}  // namespace signet

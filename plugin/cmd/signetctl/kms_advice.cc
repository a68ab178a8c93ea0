#include "plugin/cmd/signetctl/kms_advice.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kms_client/failure_class.h"
#include "plugin/cmd/signetctl/alibaba_advice.h"

namespace signet::ctl {
namespace {

using kms::FailureClass;
using kms::RemoteOperation;

// What goes wrong between us and any KMS across a network, as kms_client/http says it.
std::string NetworkAdvice(absl::string_view text) {
  struct Known {
    absl::string_view part;
    absl::string_view advice;
  };
  static constexpr Known kKnown[] = {
      {"does not resolve", "correct the host name, or the DNS of this machine"},
      {"cannot connect", "check that the KMS listens there and that nothing blocks the way"},
      {"no connection in time", "check that the KMS listens there and that nothing blocks the way"},
      {"no answer in time", "look at the KMS and the network, or raise timeout"},
      {"not for this host name", "set tls.server_name to a name in the certificate"},
      {"has expired", "renew the KMS's certificate, or set this machine's clock right"},
      {"not yet valid", "set this machine's clock right"},
      {"certificate not trusted", "put the CA that issued the KMS's certificate into tls.ca_file"},
      {"handshake failed",
       "check that the port speaks TLS 1.2 or newer and accepts tls.client_certificate_file"},
      {"CA bundle", "put PEM certificates into tls.ca_file"},
      {"client certificate",
       "put a PEM certificate and its key into tls.client_certificate_file and "
       "tls.client_key_file"},
      {"proxy", "correct proxy.url, or name the KMS in proxy.no_proxy"},
      {"is no HTTP", "check that a KMS listens on this port"},
      {"open to others", "close the file: chmod o-rwx"},
      {"does not exist", "write that file, or correct the path"},
      {"is not readable", "run this as the user of signetd, or let that user read the file"},
      {"is empty", "write the secret into that file"},
      {"does not hold one word", "write only the secret into that file"},
  };
  for (const Known& known : kKnown) {
    if (absl::StrContains(text, known.part)) return std::string(known.advice);
  }
  return "";
}

std::string VaultPath(const VaultProviderConfig& vault, RemoteOperation operation) {
  switch (operation) {
    case RemoteOperation::kWrap:
      return absl::StrCat("`update` on ", vault.mount, "/encrypt/", vault.key);
    case RemoteOperation::kUnwrap:
      return absl::StrCat("`update` on ", vault.mount, "/decrypt/", vault.key);
    case RemoteOperation::kRotate:
      return absl::StrCat("`update` on ", vault.mount, "/keys/", vault.key, "/rotate");
    case RemoteOperation::kDescribe:
      break;
  }
  return absl::StrCat("`read` on ", vault.mount, "/keys/", vault.key);
}

// The file or the systemd credential.
std::string SecretOf(const VaultAuthConfig& auth) {
  return auth.secret_file.empty() ? absl::StrCat("credential ", auth.secret_credential) : auth.secret_file;
}

std::string LoginAdvice(const VaultAuthConfig& auth) {
  switch (auth.method) {
    case VaultMethod::kAppRole:
      return absl::StrCat("correct auth.role_id or write a valid secret id into ", SecretOf(auth), " (auth/",
                          auth.mount, ")");
    case VaultMethod::kKubernetes:
    case VaultMethod::kJwt:
      return absl::StrCat("correct auth.role, or renew the JWT in ", SecretOf(auth), " (auth/", auth.mount,
                          "): issuer, audience and subject must be the role's");
    case VaultMethod::kCertificate:
      return absl::StrCat("let auth/", auth.mount,
                          " trust the CA of tls.client_certificate_file, or correct auth.role");
    case VaultMethod::kTokenFile:
      break;
  }
  return absl::StrCat("write a valid token into ", SecretOf(auth));
}

std::string VaultAdvice(const VaultProviderConfig& vault, RemoteOperation operation,
                        const absl::Status& status) {
  const absl::string_view text = status.message();
  const std::string key_path = absl::StrCat(vault.mount, "/keys/", vault.key);
  if (kms::GetFailureClass(status) == FailureClass::kDenied) {
    // Of reading the key: Wrap does that as well, for the version's mark.
    const RemoteOperation denied =
        absl::StrContains(text, "vault read key") ? RemoteOperation::kDescribe : operation;
    return absl::StrCat("allow ", VaultPath(vault, denied),
                        " in the token's policy: `signetctl policy vault` prints all it needs");
  }
  if (absl::StrContains(text, "login: refused")) return LoginAdvice(vault.auth);
  if (absl::StrContains(text, "may have expired")) {
    return absl::StrCat("write a valid token into ", SecretOf(vault.auth),
                        ", and allow `read` on auth/token/lookup-self");
  }
  if (absl::StrContains(text, "no such namespace")) return "correct namespace";
  if (absl::StrContains(text, "nothing is mounted")) {
    return absl::StrCat("enable Transit at ", vault.mount, ", or correct mount",
                        vault.name_space.empty() ? " or namespace" : "");
  }
  if (absl::StrContains(text, "soft-deleted")) {
    return absl::StrCat("restore the key: bao write -f ", key_path, "/soft-delete-restore");
  }
  if (absl::IsNotFound(status)) {
    return absl::StrCat("correct key, or make the key: bao write -f ", key_path);
  }
  if (absl::StrContains(text, "redirected to an address")) return "add the leader's address to addresses";
  if (absl::StrContains(text, "sealed")) return "unseal it";
  if (absl::StrContains(text, "no Vault's")) {
    return absl::StrCat("check that Vault answers at ", absl::StrJoin(vault.addresses, ", "));
  }
  return NetworkAdvice(text);
}

}  // namespace

std::string KmsAdvice(const ProviderConfig& provider, kms::RemoteOperation operation,
                      const absl::Status& status) {
  if (provider.vault.has_value()) return VaultAdvice(*provider.vault, operation, status);
  if (provider.alibaba.has_value()) {
    if (std::string advice = AlibabaAdvice(*provider.alibaba, operation, status); !advice.empty()) {
      return advice;
    }
  }
  return NetworkAdvice(status.message());
}

}  // namespace signet::ctl

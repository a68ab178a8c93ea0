#include "plugin/etcd/foreign_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace signet::etcd {
namespace {

constexpr absl::string_view kKleidi = "Kleidi (kleidi-kms-plugin)";
constexpr absl::string_view kOpenBao = "OpenBao (openbao-kubernetes-kms)";
constexpr absl::string_view kAzure = "Azure Key Vault (kubernetes-kms)";
constexpr absl::string_view kAlibaba = "Alibaba Cloud KMS (ack-kms-plugin)";
constexpr absl::string_view kGoogle = "Google Cloud KMS (k8s-cloudkms-plugin)";
constexpr absl::string_view kKeySealer = "PKCS#11 (KeySealer)";

// The annotations are the surest sign: each plugin has a domain of its own.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 5> kAnnotationDomains = {{
    {"kleidi.beezy.dev", kKleidi},
    {"kms.openbao.org", kOpenBao},
    {"azure.akv.io", kAzure},
    {"ack.alibabacloud.com", kAlibaba},
    {"keysealer.eclipse.org", kKeySealer},
}};

template <typename Predicate>
bool AllOf(absl::string_view text, Predicate predicate) {
  return !text.empty() && std::all_of(text.begin(), text.end(), predicate);
}

bool IsBase64Url(absl::string_view text) {
  return AllOf(text, [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

bool IsBase64(absl::string_view text) {
  while (absl::EndsWith(text, "=")) text.remove_suffix(1);
  return AllOf(text, [](unsigned char c) { return absl::ascii_isalnum(c) || c == '+' || c == '/'; });
}

// An RSA ciphertext of 2048, 3072 or 4096 bits as unpadded base64url.
bool HasRsaLength(absl::string_view text) {
  return text.size() == 342 || text.size() == 512 || text.size() == 683;
}

bool IsCompactJwe(absl::string_view text) {
  return absl::StartsWith(text, "eyJ") && std::count(text.begin(), text.end(), '.') == 4 &&
         AllOf(text,
               [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool IsGoogleKeyName(absl::string_view key_id) {
  return absl::StartsWith(key_id, "projects/") && absl::StrContains(key_id, "/keyRings/") &&
         absl::StrContains(key_id, "/cryptoKeys/");
}

absl::string_view GuessByBytes(absl::string_view ciphertext) {
  if (absl::StartsWith(ciphertext, "vault:v")) {
    return "Vault or OpenBao Transit (vault-kubernetes-kms, kleidi and others)";
  }
  if (absl::StartsWith(ciphertext, absl::string_view("1\x01\x02", 3)))
    return "AWS KMS (aws-encryption-provider)";
  if (absl::StrContains(ciphertext, ":-:")) return "Trousseau";
  if (IsCompactJwe(ciphertext)) return "PKCS#11 as JWE (k8s-kms-plugin, KeySealer)";
  if (HasRsaLength(ciphertext) && IsBase64Url(ciphertext)) return kAzure;
  if (IsBase64(ciphertext)) return kAlibaba;
  // What Cloud KMS returns: a protobuf whose first field is the key version's mark, 36 bytes.
  if (absl::StartsWith(ciphertext, "\x0a\x24")) return kGoogle;
  return "unknown";
}

}  // namespace

absl::string_view GuessForeignFormat(absl::string_view ciphertext, absl::string_view key_id,
                                     const std::map<absl::string_view, absl::string_view>& annotations) {
  for (const auto& [domain, plugin] : kAnnotationDomains) {
    for (const auto& [key, value] : annotations) {
      if (absl::EndsWith(key, domain)) return plugin;
    }
  }
  if (IsGoogleKeyName(key_id)) return kGoogle;
  if (absl::StartsWith(key_id, "obk2.")) return kOpenBao;
  if (absl::StartsWith(key_id, "kleidi-kms-plugin")) return kKleidi;
  return GuessByBytes(ciphertext);
}

}  // namespace signet::etcd

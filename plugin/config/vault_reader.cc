#include "plugin/config/vault_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace signet {
namespace {

constexpr size_t kMaxAddresses = 8;
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxHostBytes = 253;

bool OnlyOf(absl::string_view text, size_t most, absl::string_view also) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || also.find(c) != absl::string_view::npos;
  });
}

template <typename Predicate>
ValueRule<std::string> Text(std::string expected, Predicate valid) {
  ValueRule<std::string> rule;
  rule.expected = std::move(expected);
  rule.parse = [valid](absl::string_view text) -> std::optional<std::string> {
    if (!valid(text)) return std::nullopt;
    return std::string(text);
  };
  rule.may_be_quoted = true;
  return rule;
}

// Nothing in it needs escapes in a URL.
bool IsPathOfNames(absl::string_view text) {
  if (!OnlyOf(text, kMaxNameBytes, "._-/")) return false;
  for (const absl::string_view part : absl::StrSplit(text, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

ValueRule<std::string> Name(std::string what) {
  return Text(std::move(what) + ": 1 to 128 of [A-Za-z0-9._-]", [](absl::string_view text) {
    return OnlyOf(text, kMaxNameBytes, "._-") && text != "." && text != "..";
  });
}

ValueRule<std::string> PathOfNames(std::string what) {
  return Text(std::move(what) + ": names of [A-Za-z0-9._-] with / between them, none at the ends",
              IsPathOfNames);
}

ValueRule<std::string> HostName() {
  return Text("a host name", [](absl::string_view text) { return OnlyOf(text, kMaxHostBytes, ".-"); });
}

// "host", "host:port", "[::1]:port".
bool IsHostAndPort(absl::string_view text, bool& is_loopback) {
  absl::string_view host = text;
  absl::string_view port;
  if (absl::ConsumePrefix(&host, "[")) {
    const size_t end = host.find(']');
    if (end == absl::string_view::npos) return false;
    port = host.substr(end + 1);
    host = host.substr(0, end);
    if (!OnlyOf(host, kMaxHostBytes, ":")) return false;
  } else {
    const size_t colon = host.find(':');
    if (colon != absl::string_view::npos) {
      port = host.substr(colon);
      host = host.substr(0, colon);
    }
    if (!OnlyOf(host, kMaxHostBytes, ".-")) return false;
  }
  is_loopback = host == "127.0.0.1" || host == "::1" || host == "localhost";
  if (port.empty()) return true;
  uint32_t number = 0;
  return absl::ConsumePrefix(&port, ":") && OnlyOf(port, 5, "") && absl::SimpleAtoi(port, &number) &&
         number >= 1 && number <= 65535;
}

ValueRule<std::string> VaultAddress() {
  return Text(
      "https://host:port without a path (http:// only for this machine itself)", [](absl::string_view text) {
        bool is_loopback = false;
        if (absl::ConsumePrefix(&text, "https://")) return IsHostAndPort(text, is_loopback);
        return absl::ConsumePrefix(&text, "http://") && IsHostAndPort(text, is_loopback) && is_loopback;
      });
}

ValueRule<std::string> ProxyUrl() {
  return Text("http://host:port, https://host:port or socks5h://host:port", [](absl::string_view text) {
    bool ignored = false;
    return (absl::ConsumePrefix(&text, "http://") || absl::ConsumePrefix(&text, "https://") ||
            absl::ConsumePrefix(&text, "socks5h://")) &&
           IsHostAndPort(text, ignored);
  });
}

ValueRule<std::string> NoProxyList() {
  return Text("host names, suffixes, addresses and CIDR blocks, with commas between them",
              [](absl::string_view text) { return OnlyOf(text, 4096, ".-:,/[]*"); });
}

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

// A setting that this method needs, or has no use for.
void CheckPresence(SectionReader& section, absl::string_view key, bool needed, bool allowed) {
  if (section.listing()) return;
  if (needed && !section.Has(key)) section.Report(key, "is missing: this method needs it");
  if (!allowed && section.Has(key)) section.Report(key, "means nothing with this method: remove it");
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

ProxyConfig ReadProxy(SectionReader section) {
  ProxyConfig proxy;
  section.Optional("url", ProxyUrl(), proxy.url);
  section.Optional("no_proxy", NoProxyList(), proxy.no_proxy);
  section.Finish();
  return proxy;
}

}  // namespace

VaultProviderConfig ReadVaultProvider(SectionReader& section) {
  VaultProviderConfig vault;
  std::string address;
  section.Optional("address", VaultAddress(), address);
  section.OptionalList("addresses", VaultAddress(), kMaxAddresses, vault.addresses);
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
  vault.proxy = ReadProxy(section.Section("proxy"));
  section.Finish();
  return vault;
}

}  // namespace signet

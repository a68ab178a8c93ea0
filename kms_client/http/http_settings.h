// HttpSettings: how to reach one service. Plain values, checked where the configuration is read.
#ifndef SIGNET_KMS_CLIENT_HTTP_HTTP_SETTINGS_H_
#define SIGNET_KMS_CLIENT_HTTP_HTTP_SETTINGS_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace signet::kms {

struct TlsSettings {
  // PEM; replaces the system's CAs. Empty: the system's. Read again when it changes.
  std::string ca_file;
  // PEM, both or neither; read again when they change. The key's file must be closed to others.
  std::string client_certificate_file;
  std::string client_key_file;
  // Sent as SNI and looked for in the certificate instead of the URL's host. Empty: the URL's host.
  std::string server_name;
};

struct ProxySettings {
  // "http://host:port", "https://host:port" or "socks5h://host:port". Empty: no proxy.
  std::string url;
  // Hosts to reach without the proxy: names, suffixes, addresses, CIDR blocks; comma-separated.
  std::string no_proxy;
  // Take https_proxy, http_proxy and no_proxy from the environment instead. Only for vendors whose own tools
  // do.
  bool from_environment = false;
};

struct HttpSettings {
  TlsSettings tls;
  ProxySettings proxy;
  // Plain http:// is refused without this.
  bool allow_plain_http = false;
  // Both are cut to the call's deadline.
  absl::Duration connect_timeout = absl::Seconds(1);
  absl::Duration total_timeout = absl::Seconds(2);
  // Connections kept open when idle. Calls at the same time make more, which are closed after use.
  size_t max_idle_connections = 8;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_HTTP_SETTINGS_H_

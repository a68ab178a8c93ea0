// Config: the validated settings of one signetd, as plain structs. Read from YAML by config_loader.h; every
// field is documented, with its default and limits, in manifests/config/signetd.yaml.
#ifndef SIGNET_PLUGIN_CONFIG_CONFIG_H_
#define SIGNET_PLUGIN_CONFIG_CONFIG_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signet {

struct LocalProviderConfig {
  std::string keyring;  // absolute path
  // At most one of the two; without either the keyring is not sealed.
  std::string passphrase_file;        // absolute path
  std::string passphrase_credential;  // a name below $CREDENTIALS_DIRECTORY (systemd)
  bool allow_rotate = false;          // signetd may write new versions into it
};

enum class VaultMethod { kTokenFile, kAppRole, kKubernetes, kJwt, kCertificate };

struct VaultAuthConfig {
  VaultMethod method = VaultMethod::kTokenFile;
  std::string mount;    // below auth/; not for token files
  std::string role;     // Kubernetes and JWT; may be empty for certificates
  std::string role_id;  // AppRole
  // The token, AppRole's secret id or the JWT: exactly one of the two, none for certificates.
  std::string secret_file;        // absolute path
  std::string secret_credential;  // a name below $CREDENTIALS_DIRECTORY (systemd)
};

struct TlsConfig {
  std::string ca_file;                  // absolute path; empty: the system's CAs
  std::string client_certificate_file;  // absolute paths, both or neither
  std::string client_key_file;
  std::string server_name;  // empty: the address's host
};

struct ProxyConfig {
  std::string url;  // empty: none
  std::string no_proxy;
};

// HashiCorp Vault or OpenBao Transit.
struct VaultProviderConfig {
  std::vector<std::string> addresses;  // 1-8 of "https://host:port"; http only on loopback
  std::string name_space;
  std::string mount = "transit";
  std::string key;
  std::string instance;
  absl::Duration timeout = absl::Seconds(2);
  VaultAuthConfig auth;
  TlsConfig tls;
  ProxyConfig proxy;
};

enum class AlibabaGateway { kVpc, kPublic, kDedicated };
enum class AlibabaRequestSignature { kAcs3, kRpc };
enum class AlibabaParameterPlace { kQuery, kBody };
enum class AlibabaSource { kAccessKeyFile, kEcsRole, kOidc };

struct AlibabaAuthConfig {
  AlibabaSource source = AlibabaSource::kAccessKeyFile;
  // The access key or the OIDC token: exactly one of the two, none for ECS roles.
  std::string secret_file;        // absolute path
  std::string secret_credential;  // a name below $CREDENTIALS_DIRECTORY (systemd)
  std::string ecs_role;           // may be empty: the one that the instance has
  std::string oidc_provider_arn;
  std::string oidc_role_arn;
  std::string assume_role_arn;  // may be empty: the source's own credentials are used
  std::string external_id;      // may be empty
  std::string session_name = "signetd";
  absl::Duration session_duration = absl::Hours(1);
  std::string sts_endpoint;  // empty: made of gateway and region
};

// Alibaba Cloud KMS.
struct AlibabaProviderConfig {
  std::string region;
  std::string account_id;
  std::string key;
  AlibabaGateway gateway = AlibabaGateway::kVpc;
  std::string instance;  // "kst-…", for the dedicated gateway
  std::string endpoint;  // empty: made of gateway, region and instance
  AlibabaRequestSignature signature = AlibabaRequestSignature::kAcs3;
  AlibabaParameterPlace parameters = AlibabaParameterPlace::kQuery;
  absl::Duration timeout = absl::Seconds(2);
  AlibabaAuthConfig auth;
  TlsConfig tls;  // of KMS; ca_file and server_name only
  ProxyConfig proxy;
};

struct ProviderConfig {
  std::string name;  // 1-32 of [a-z0-9-]
  std::string type;  // "local", "vault" or "alibaba"; one of the optionals below is set accordingly
  std::optional<LocalProviderConfig> local;
  std::optional<VaultProviderConfig> vault;
  std::optional<AlibabaProviderConfig> alibaba;
};

struct KmsSocketConfig {
  std::string path;  // absolute, at most 107 bytes; "@name" for an abstract one
  bool allow_abstract = false;
  mode_t mode = 0600;
  std::optional<std::string> owner;  // user name or number
  std::optional<std::string> group;
  std::vector<uid_t> allowed_uids = {0};  // our own uid is always allowed
  size_t max_connections = 64;
  size_t max_calls_in_flight = 1024;
};

struct AdminSocketConfig {
  std::string path;  // absolute, at most 107 bytes
  std::vector<uid_t> allowed_uids = {0};
};

struct LocalKekConfig {
  absl::Duration lifetime = absl::Hours(24 * 30);
  uint64_t max_uses = uint64_t{1} << 24;
  size_t cached = 1024;
};

// How the active provider is watched for new versions.
struct WatchConfig {
  absl::Duration interval = absl::Seconds(150);
  absl::Duration confirm_interval = absl::Seconds(10);
  absl::Duration activation_delay = absl::Seconds(60);
  absl::Duration probe_interval = absl::Seconds(240);
  absl::Duration move_delay = absl::Minutes(10);
};

// kHierarchy: a local KEK wraps data keys; kDirect: the KMS is asked for every call.
enum class KeyMode { kHierarchy, kDirect };

enum class OnRevoked { kDeny, kFallback };

// Several providers that wrap every local KEK.
struct RedundancyConfig {
  std::vector<std::string> also_wrap_with;  // providers' names
  bool allow_degraded_start = false;
  OnRevoked on_revoked = OnRevoked::kDeny;
};

enum class MemoryLock { kRequired, kWarn };
enum class LogFormat { kText, kJson };
enum class LogLevel { kDebug, kInfo, kWarning, kError };

struct Config {
  std::string cluster_id;
  std::vector<std::string> previous_cluster_ids;
  std::string state_directory;  // absolute
  std::vector<ProviderConfig> providers;
  std::string active;  // a provider's name
  std::optional<absl::Time> active_from;
  std::string active_before;  // a provider's name; empty: not given
  uint32_t key_id_generation = 0;
  KmsSocketConfig kms_socket;
  AdminSocketConfig admin_socket;
  LocalKekConfig local_kek;
  WatchConfig watch;
  bool allow_remote_rotation = false;
  KeyMode mode = KeyMode::kHierarchy;
  // Absent: 7 days, or what EffectiveOfflineLimit makes of a shorter lifetime.
  std::optional<absl::Duration> offline_limit;
  bool decrypt_past_offline_limit = true;
  absl::Duration denied_grace = absl::Hours(1);
  RedundancyConfig redundancy;
  std::string status_version = "v2";
  size_t max_plaintext_bytes = 916;
  absl::Duration shutdown_grace = absl::Seconds(10);
  MemoryLock memory_lock = MemoryLock::kWarn;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
};

// `offline_limit`, or its default: 7 days, at most a third of the local KEK's lifetime; where that is too
// short to be proved by probes the lifetime alone limits.
absl::Duration EffectiveOfflineLimit(const Config& config);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_CONFIG_H_

#include "plugin/config/config_difference.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "plugin/config/value_rules.h"

namespace signet {
namespace {

std::string Text(const std::string& value) { return value; }
std::string Text(const std::optional<std::string>& value) { return value.value_or(""); }
std::string Text(bool value) { return value ? "true" : "false"; }
std::string Text(absl::Duration value) { return FormatDurationSetting(value); }
std::string Text(const std::optional<absl::Duration>& value) {
  return value.has_value() ? FormatDurationSetting(*value) : "";
}
std::string Text(const std::optional<absl::Time>& value) {
  return value.has_value() ? absl::FormatTime(absl::RFC3339_sec, *value, absl::UTCTimeZone()) : "";
}
std::string Text(uint32_t value) { return absl::StrCat(value); }
std::string Text(uint64_t value) { return absl::StrCat(value); }
template <typename Element>
std::string Text(const std::vector<Element>& values) {
  return absl::StrCat("[", absl::StrJoin(values, ", "), "]");
}
std::string Text(MemoryLock value) { return value == MemoryLock::kRequired ? "required" : "warn"; }
std::string Text(OnRevoked value) { return value == OnRevoked::kFallback ? "fallback" : "deny"; }
std::string Text(KeyMode value) { return value == KeyMode::kDirect ? "direct" : "hierarchy"; }
std::string Text(VaultMethod value) {
  switch (value) {
    case VaultMethod::kTokenFile:
      return "token_file";
    case VaultMethod::kAppRole:
      return "app_role";
    case VaultMethod::kKubernetes:
      return "kubernetes";
    case VaultMethod::kJwt:
      return "jwt";
    case VaultMethod::kCertificate:
      return "certificate";
  }
  return "";
}
std::string Text(AlibabaGateway value) {
  switch (value) {
    case AlibabaGateway::kVpc:
      return "vpc";
    case AlibabaGateway::kPublic:
      return "public";
    case AlibabaGateway::kDedicated:
      return "dedicated";
  }
  return "";
}
std::string Text(AlibabaRequestSignature value) {
  return value == AlibabaRequestSignature::kRpc ? "rpc" : "acs3";
}
std::string Text(AlibabaParameterPlace value) {
  return value == AlibabaParameterPlace::kBody ? "body" : "query";
}
std::string Text(AlibabaSource value) {
  switch (value) {
    case AlibabaSource::kAccessKeyFile:
      return "access_key_file";
    case AlibabaSource::kEcsRole:
      return "ecs_role";
    case AlibabaSource::kOidc:
      return "oidc";
  }
  return "";
}
std::string Text(LogFormat value) { return value == LogFormat::kJson ? "json" : "text"; }
std::string Text(LogLevel value) {
  switch (value) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

std::string NamesOf(const std::vector<ProviderConfig>& providers) {
  return absl::StrCat(
      "[",
      absl::StrJoin(providers, ", ",
                    [](std::string* out, const ProviderConfig& provider) { out->append(provider.name); }),
      "]");
}

class Comparison {
 public:
  Comparison(const Config& running, const Config& file) : running_(running), file_(file) {}

  ConfigDifference Compare() {
    Restart("cluster_id", running_.cluster_id, file_.cluster_id);
    Restart("previous_cluster_ids", running_.previous_cluster_ids, file_.previous_cluster_ids);
    Restart("state_directory", running_.state_directory, file_.state_directory);
    Restart("status_version", running_.status_version, file_.status_version);
    Restart("key_id_generation", running_.key_id_generation, file_.key_id_generation);
    Live("max_plaintext_bytes", running_.max_plaintext_bytes, file_.max_plaintext_bytes);
    Restart("active", running_.active, file_.active);
    Restart("active_from", running_.active_from, file_.active_from);
    Restart("active_before", running_.active_before, file_.active_before);
    Restart("mode", running_.mode, file_.mode);
    CompareProviders();
    CompareSockets();
    CompareKeyLife();
    Live("shutdown_grace", running_.shutdown_grace, file_.shutdown_grace);
    Restart("memory_lock", running_.memory_lock, file_.memory_lock);
    Live("log.level", running_.log_level, file_.log_level);
    Live("log.format", running_.log_format, file_.log_format);
    return std::move(difference_);
  }

 private:
  template <typename Value>
  static void Add(absl::string_view field, const Value& old_value, const Value& new_value,
                  std::vector<ConfigChange>& changes) {
    if (old_value == new_value) return;
    changes.push_back({std::string(field), Text(old_value), Text(new_value)});
  }
  template <typename Value>
  void Live(absl::string_view field, const Value& old_value, const Value& new_value) {
    Add(field, old_value, new_value, difference_.live);
  }
  template <typename Value>
  void Restart(absl::string_view field, const Value& old_value, const Value& new_value) {
    Add(field, old_value, new_value, difference_.needs_restart);
  }

  void CompareProviders() {
    Restart("providers", NamesOf(running_.providers), NamesOf(file_.providers));
    for (const ProviderConfig& provider : running_.providers) {
      const auto same_name = [&provider](const ProviderConfig& other) { return other.name == provider.name; };
      const auto found = std::find_if(file_.providers.begin(), file_.providers.end(), same_name);
      if (found != file_.providers.end()) CompareProvider(provider, *found);
    }
  }

  void CompareProvider(const ProviderConfig& running, const ProviderConfig& file) {
    const std::string path = absl::StrCat("providers[", running.name, "]");
    Restart(path, running.type, file.type);
    const LocalProviderConfig old_local = running.local.value_or(LocalProviderConfig());
    const LocalProviderConfig new_local = file.local.value_or(LocalProviderConfig());
    Restart(path + ".local.keyring", old_local.keyring, new_local.keyring);
    Restart(path + ".local.passphrase_file", old_local.passphrase_file, new_local.passphrase_file);
    Restart(path + ".local.passphrase_credential", old_local.passphrase_credential,
            new_local.passphrase_credential);
    Restart(path + ".local.allow_rotate", old_local.allow_rotate, new_local.allow_rotate);
    CompareVault(path + ".vault", running.vault.value_or(VaultProviderConfig()),
                 file.vault.value_or(VaultProviderConfig()));
    CompareAlibaba(path + ".alibaba", running.alibaba.value_or(AlibabaProviderConfig()),
                   file.alibaba.value_or(AlibabaProviderConfig()));
  }

  void CompareVault(const std::string& path, const VaultProviderConfig& running,
                    const VaultProviderConfig& file) {
    Restart(path + ".addresses", running.addresses, file.addresses);
    Restart(path + ".namespace", running.name_space, file.name_space);
    Restart(path + ".mount", running.mount, file.mount);
    Restart(path + ".key", running.key, file.key);
    Restart(path + ".instance", running.instance, file.instance);
    Restart(path + ".timeout", running.timeout, file.timeout);
    Restart(path + ".auth.method", running.auth.method, file.auth.method);
    Restart(path + ".auth.mount", running.auth.mount, file.auth.mount);
    Restart(path + ".auth.role", running.auth.role, file.auth.role);
    Restart(path + ".auth.role_id", running.auth.role_id, file.auth.role_id);
    Restart(path + ".auth.secret_file", running.auth.secret_file, file.auth.secret_file);
    Restart(path + ".auth.secret_credential", running.auth.secret_credential, file.auth.secret_credential);
    CompareTls(path + ".tls", running.tls, file.tls);
    CompareProxy(path + ".proxy", running.proxy, file.proxy);
  }

  void CompareAlibaba(const std::string& path, const AlibabaProviderConfig& running,
                      const AlibabaProviderConfig& file) {
    Restart(path + ".region", running.region, file.region);
    Restart(path + ".account_id", running.account_id, file.account_id);
    Restart(path + ".key", running.key, file.key);
    Restart(path + ".gateway", running.gateway, file.gateway);
    Restart(path + ".instance", running.instance, file.instance);
    Restart(path + ".endpoint", running.endpoint, file.endpoint);
    Restart(path + ".signature", running.signature, file.signature);
    Restart(path + ".parameters", running.parameters, file.parameters);
    Restart(path + ".timeout", running.timeout, file.timeout);
    CompareAlibabaAuth(path + ".auth", running.auth, file.auth);
    CompareTls(path + ".tls", running.tls, file.tls);
    CompareProxy(path + ".proxy", running.proxy, file.proxy);
  }

  void CompareAlibabaAuth(const std::string& path, const AlibabaAuthConfig& running,
                          const AlibabaAuthConfig& file) {
    Restart(path + ".source", running.source, file.source);
    Restart(path + ".secret_file", running.secret_file, file.secret_file);
    Restart(path + ".secret_credential", running.secret_credential, file.secret_credential);
    Restart(path + ".ecs_role", running.ecs_role, file.ecs_role);
    Restart(path + ".oidc_provider_arn", running.oidc_provider_arn, file.oidc_provider_arn);
    Restart(path + ".oidc_role_arn", running.oidc_role_arn, file.oidc_role_arn);
    Restart(path + ".assume_role_arn", running.assume_role_arn, file.assume_role_arn);
    Restart(path + ".external_id", running.external_id, file.external_id);
    Restart(path + ".session_name", running.session_name, file.session_name);
    Restart(path + ".session_duration", running.session_duration, file.session_duration);
    Restart(path + ".sts_endpoint", running.sts_endpoint, file.sts_endpoint);
  }

  void CompareProxy(const std::string& path, const ProxyConfig& running, const ProxyConfig& file) {
    Restart(path + ".url", running.url, file.url);
    Restart(path + ".no_proxy", running.no_proxy, file.no_proxy);
  }

  void CompareTls(const std::string& path, const TlsConfig& running, const TlsConfig& file) {
    Restart(path + ".ca_file", running.ca_file, file.ca_file);
    Restart(path + ".client_certificate_file", running.client_certificate_file, file.client_certificate_file);
    Restart(path + ".client_key_file", running.client_key_file, file.client_key_file);
    Restart(path + ".server_name", running.server_name, file.server_name);
  }

  void CompareSockets() {
    const KmsSocketConfig& old_kms = running_.kms_socket;
    const KmsSocketConfig& new_kms = file_.kms_socket;
    Restart("kms_socket.path", old_kms.path, new_kms.path);
    Restart("kms_socket.allow_abstract", old_kms.allow_abstract, new_kms.allow_abstract);
    if (old_kms.mode != new_kms.mode) {
      Restart("kms_socket.mode", absl::StrFormat("%04o", old_kms.mode),
              absl::StrFormat("%04o", new_kms.mode));
    }
    Restart("kms_socket.owner", old_kms.owner, new_kms.owner);
    Restart("kms_socket.group", old_kms.group, new_kms.group);
    Live("kms_socket.allowed_uids", old_kms.allowed_uids, new_kms.allowed_uids);
    Restart("kms_socket.max_connections", old_kms.max_connections, new_kms.max_connections);
    Restart("kms_socket.max_calls_in_flight", old_kms.max_calls_in_flight, new_kms.max_calls_in_flight);
    Restart("admin_socket.path", running_.admin_socket.path, file_.admin_socket.path);
    Live("admin_socket.allowed_uids", running_.admin_socket.allowed_uids, file_.admin_socket.allowed_uids);
  }

  void CompareKeyLife() {
    Restart("local_kek.lifetime", running_.local_kek.lifetime, file_.local_kek.lifetime);
    Restart("local_kek.max_uses", running_.local_kek.max_uses, file_.local_kek.max_uses);
    Restart("local_kek.cached", running_.local_kek.cached, file_.local_kek.cached);
    Restart("watch.interval", running_.watch.interval, file_.watch.interval);
    Restart("watch.confirm_interval", running_.watch.confirm_interval, file_.watch.confirm_interval);
    Restart("watch.activation_delay", running_.watch.activation_delay, file_.watch.activation_delay);
    Restart("watch.probe_interval", running_.watch.probe_interval, file_.watch.probe_interval);
    Restart("watch.move_delay", running_.watch.move_delay, file_.watch.move_delay);
    Restart("allow_remote_rotation", running_.allow_remote_rotation, file_.allow_remote_rotation);
    Restart("offline_limit", running_.offline_limit, file_.offline_limit);
    Restart("decrypt_past_offline_limit", running_.decrypt_past_offline_limit,
            file_.decrypt_past_offline_limit);
    Restart("denied_grace", running_.denied_grace, file_.denied_grace);
    const RedundancyConfig& old_redundancy = running_.redundancy;
    const RedundancyConfig& new_redundancy = file_.redundancy;
    Restart("redundancy.also_wrap_with", old_redundancy.also_wrap_with, new_redundancy.also_wrap_with);
    Restart("redundancy.allow_degraded_start", old_redundancy.allow_degraded_start,
            new_redundancy.allow_degraded_start);
    Restart("redundancy.on_revoked", old_redundancy.on_revoked, new_redundancy.on_revoked);
  }

  const Config& running_;
  const Config& file_;
  ConfigDifference difference_;
};

}  // namespace

ConfigDifference CompareConfigs(const Config& running, const Config& file) {
  return Comparison(running, file).Compare();
}

Config WithLiveSettings(Config running, const Config& file) {
  running.max_plaintext_bytes = file.max_plaintext_bytes;
  running.kms_socket.allowed_uids = file.kms_socket.allowed_uids;
  running.admin_socket.allowed_uids = file.admin_socket.allowed_uids;
  running.shutdown_grace = file.shutdown_grace;
  running.log_level = file.log_level;
  running.log_format = file.log_format;
  return running;
}

}  // namespace signet

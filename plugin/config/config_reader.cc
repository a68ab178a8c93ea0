#include "plugin/config/config_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/config/alibaba_reader.h"
#include "plugin/config/key_life_reader.h"
#include "plugin/config/vault_reader.h"

namespace signet {
namespace {

constexpr size_t kMaxProviders = 16;
constexpr size_t kMaxPreviousClusterIds = 16;
constexpr size_t kMaxAllowedUids = 64;
// kube-apiserver sends seeds of 32 bytes; less could never serve it.
constexpr uint64_t kLeastPlaintextBytes = 32;
constexpr uint64_t kMostPlaintextBytes = 65536;
// With its lineage and version a key_id stays within 64 bytes up to here.
constexpr uint64_t kMostKeyIdGeneration = 99999;
// AES-GCM under one key with random nonces: 2^32 messages keep a collision below 2^-32 (NIST SP 800-38D).
constexpr uint64_t kMostKekUses = uint64_t{1} << 32;
// Two 32-byte keys each, all in the locked heap of 1 MiB with room to spare.
constexpr uint64_t kMostCachedKeks = 8192;

LocalProviderConfig ReadLocalProvider(SectionReader& section) {
  LocalProviderConfig local;
  section.Required("keyring", AbsolutePath(), local.keyring);
  section.Optional("passphrase_file", SecretFilePath(), local.passphrase_file);
  section.Optional("passphrase_credential", CredentialName(), local.passphrase_credential);
  section.Optional("allow_rotate", Boolean(), local.allow_rotate);
  if (section.Has("passphrase_file") && section.Has("passphrase_credential")) {
    section.Report("passphrase_credential", "excludes passphrase_file: keep one of the two");
  }
  if (!local.keyring.empty() && local.keyring == local.passphrase_file) {
    section.Report("passphrase_file", "must not be the keyring itself");
  }
  section.Finish();
  return local;
}

ProviderConfig ReadProvider(SectionReader& section) {
  ProviderConfig provider;
  section.Required("name", ProviderName(), provider.name);
  const bool is_local = section.Has("local");
  const bool is_vault = section.Has("vault");
  const bool is_alibaba = section.Has("alibaba");
  if (is_local || section.listing()) {
    SectionReader local = section.Section("local");
    provider.local = ReadLocalProvider(local);
    provider.type = "local";
  }
  if (is_vault || section.listing()) {
    SectionReader vault = section.Section("vault");
    provider.vault = ReadVaultProvider(vault);
    provider.type = "vault";
  }
  if (is_alibaba || section.listing()) {
    SectionReader alibaba = section.Section("alibaba");
    provider.alibaba = ReadAlibabaProvider(alibaba);
    provider.type = "alibaba";
  }
  if (is_local && is_vault) section.Report("vault", "excludes local: one provider is one key");
  if (is_alibaba && (is_local || is_vault)) {
    section.Report("alibaba",
                   absl::StrCat("excludes ", is_local ? "local" : "vault", ": one provider is one key"));
  }
  if (!is_local && !is_vault && !is_alibaba && !section.listing()) {
    section.Report("local", "is missing: the section of the provider's type, local, vault or alibaba");
  }
  return provider;
}

KmsSocketConfig ReadKmsSocket(SectionReader section) {
  KmsSocketConfig socket;
  section.Required("path", SocketPath(/*abstract=*/true), socket.path);
  section.Optional("allow_abstract", Boolean(), socket.allow_abstract);
  section.Optional("mode", SocketMode(), socket.mode);
  section.Optional("owner", UserOrGroup(), socket.owner);
  section.Optional("group", UserOrGroup(), socket.group);
  section.OptionalList("allowed_uids", UserId(), kMaxAllowedUids, socket.allowed_uids);
  section.Optional("max_connections", WholeNumber(1, 4096), socket.max_connections);
  section.Optional("max_calls_in_flight", WholeNumber(1, 65536), socket.max_calls_in_flight);
  section.Finish();
  return socket;
}

AdminSocketConfig ReadAdminSocket(SectionReader section) {
  AdminSocketConfig socket;
  section.Required("path", SocketPath(/*abstract=*/false), socket.path);
  section.OptionalList("allowed_uids", UserId(), kMaxAllowedUids, socket.allowed_uids);
  section.Finish();
  return socket;
}

LocalKekConfig ReadLocalKek(SectionReader section) {
  LocalKekConfig local_kek;
  section.Optional("lifetime", DurationBetween(absl::Milliseconds(100), absl::Hours(24 * 366)),
                   local_kek.lifetime);
  section.Optional("max_uses", WholeNumber(1, kMostKekUses), local_kek.max_uses);
  section.Optional("cached", WholeNumber(1, kMostCachedKeks), local_kek.cached);
  section.Finish();
  return local_kek;
}

void ReadLog(SectionReader section, Config& config) {
  section.Optional("level",
                   OneOf<LogLevel>({{"debug", LogLevel::kDebug},
                                    {"info", LogLevel::kInfo},
                                    {"warning", LogLevel::kWarning},
                                    {"error", LogLevel::kError}}),
                   config.log_level);
  section.Optional("format", OneOf<LogFormat>({{"text", LogFormat::kText}, {"json", LogFormat::kJson}}),
                   config.log_format);
  section.Finish();
}

}  // namespace

Config ReadConfig(SectionReader& root) {
  Config config;
  root.Required("cluster_id", ClusterId(), config.cluster_id);
  root.OptionalList("previous_cluster_ids", ClusterId(), kMaxPreviousClusterIds, config.previous_cluster_ids);
  root.Required("state_directory", AbsolutePath(), config.state_directory);
  root.Optional("status_version", OneOf<std::string>({{"v2", "v2"}, {"v2beta1", "v2beta1"}}),
                config.status_version);
  root.Optional("key_id_generation", WholeNumber(0, kMostKeyIdGeneration), config.key_id_generation);
  root.Optional("max_plaintext_bytes", WholeNumber(kLeastPlaintextBytes, kMostPlaintextBytes),
                config.max_plaintext_bytes);
  root.Required("active", ProviderName(), config.active);
  root.ForEachSection("providers", kMaxProviders, [&config](SectionReader& section) {
    config.providers.push_back(ReadProvider(section));
  });
  config.kms_socket = ReadKmsSocket(root.Section("kms_socket"));
  config.admin_socket = ReadAdminSocket(root.Section("admin_socket"));
  config.local_kek = ReadLocalKek(root.Section("local_kek"));
  ReadKeyLife(root, config);
  root.Optional("shutdown_grace", DurationBetween(absl::ZeroDuration(), absl::Minutes(5)),
                config.shutdown_grace);
  root.Optional("memory_lock",
                OneOf<MemoryLock>({{"required", MemoryLock::kRequired}, {"warn", MemoryLock::kWarn}}),
                config.memory_lock);
  ReadLog(root.Section("log"), config);
  root.Finish();
  return config;
}

}  // namespace signet

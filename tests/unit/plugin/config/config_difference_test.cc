#include "plugin/config/config_difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "plugin/config/config_loader.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

auto Change(const char* field, const char* old_value, const char* new_value) {
  return AllOf(Field(&ConfigChange::field, field), Field(&ConfigChange::old_value, old_value),
               Field(&ConfigChange::new_value, new_value));
}

constexpr char kOne[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    local: {keyring: /etc/signet/keyring}
kms_socket: {path: /run/signet/kms.sock}
admin_socket: {path: /run/signet/admin.sock}
)";

// Every setting has another value than above; there are two files, since one passphrase excludes the other.
constexpr char kOther[] = R"(cluster_id: b
previous_cluster_ids: [c]
state_directory: /var/lib/other
status_version: v2beta1
key_id_generation: 1
max_plaintext_bytes: 1000
active: second
providers:
  - name: second
    local: {keyring: /etc/signet/second}
  - name: primary
    local: {keyring: /etc/signet/other, passphrase_file: /etc/signet/passphrase, allow_rotate: true}
kms_socket:
  path: /run/signet/other.sock
  mode: 0660
  owner: root
  group: root
  allowed_uids: [1]
  max_connections: 1
  max_calls_in_flight: 1
admin_socket: {path: /run/signet/a.sock, allowed_uids: [2, 3]}
local_kek: {lifetime: 1h, max_uses: 1, cached: 1}
watch: {interval: 1m, confirm_interval: 1s, activation_delay: 1s, probe_interval: 1m, move_delay: 1m}
active_from: 2026-01-02T03:04:05Z
active_before: primary
mode: direct
offline_limit: 10m
decrypt_past_offline_limit: false
denied_grace: 1m
redundancy: {also_wrap_with: [primary], allow_degraded_start: true, on_revoked: fallback}
allow_remote_rotation: true
shutdown_grace: 1s
memory_lock: required
log: {level: debug, format: json}
)";
constexpr char kAbstract[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    local: {keyring: /etc/signet/keyring, passphrase_credential: p}
kms_socket: {path: "@signet", allow_abstract: true}
admin_socket: {path: /run/signet/admin.sock}
)";

constexpr char kVault[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    vault:
      address: https://vault.example:8200
      namespace: team
      mount: kms
      key: signet
      instance: vault.example
      timeout: 3s
      auth: {method: app_role, mount: nodes, role_id: r, secret_file: /etc/signet/secret-id}
      tls: {ca_file: /ca, client_certificate_file: /c, client_key_file: /k, server_name: vault}
      proxy: {url: "http://proxy:3128", no_proxy: .internal}
kms_socket: {path: /run/signet/kms.sock}
admin_socket: {path: /run/signet/admin.sock}
)";
constexpr char kVaultByJwt[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    vault:
      addresses: [https://vault.example:8200]
      key: signet
      instance: vault.example
      auth: {method: jwt, role: signet, secret_credential: jwt}
kms_socket: {path: /run/signet/kms.sock}
admin_socket: {path: /run/signet/admin.sock}
)";

constexpr char kAlibaba[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    alibaba:
      region: cn-beijing
      account_id: 1234567890
      key: key-hzz
      gateway: dedicated
      instance: kst-1
      signature: rpc
      parameters: body
      timeout: 3s
      auth:
        source: oidc
        secret_file: /etc/signet/token
        oidc_provider_arn: acs:ram::1:oidc-provider/c
        oidc_role_arn: acs:ram::1:role/r
        assume_role_arn: acs:ram::1:role/s
        external_id: e1
        session_name: node
        session_duration: 2h
        sts_endpoint: https://sts.example
      tls: {ca_file: /ca, server_name: kms}
      proxy: {url: "http://proxy:3128", no_proxy: .internal}
kms_socket: {path: /run/signet/kms.sock}
admin_socket: {path: /run/signet/admin.sock}
)";
constexpr char kAlibabaByRole[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    alibaba:
      region: cn-beijing
      account_id: 1234567890
      key: key-hzz
      endpoint: https://kms.example
      auth: {source: ecs_role, ecs_role: node}
kms_socket: {path: /run/signet/kms.sock}
admin_socket: {path: /run/signet/admin.sock}
)";
constexpr char kAlibabaByCredential[] = R"(cluster_id: a
state_directory: /var/lib/signet
active: primary
providers:
  - name: primary
    alibaba: {region: a, account_id: 1, key: k, auth: {source: oidc, secret_credential: t, oidc_provider_arn: "acs:ram::1:oidc-provider/c", oidc_role_arn: "acs:ram::1:role/r"}}
kms_socket: {path: /run/signet/kms.sock}
admin_socket: {path: /run/signet/admin.sock}
)";

Config Load(const char* text) {
  const absl::StatusOr<Config> config = LoadConfigText("f", text);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(Config());
}

TEST(ConfigDifferenceTest, FindsNoneBetweenEqualFiles) {
  const ConfigDifference difference = CompareConfigs(Load(kOther), Load(kOther));
  EXPECT_THAT(difference.live, IsEmpty());
  EXPECT_THAT(difference.needs_restart, IsEmpty());
}

// So that a setting that is added later is not forgotten here.
TEST(ConfigDifferenceTest, KnowsEverySettingThatThereIs) {
  // "providers" and "addresses" tell.
  std::set<std::string> found = {"providers[].name", "providers[].vault.address"};
  for (const char* other :
       {kOther, kAbstract, kVault, kVaultByJwt, kAlibaba, kAlibabaByRole, kAlibabaByCredential}) {
    const ConfigDifference difference = CompareConfigs(Load(kOne), Load(other));
    for (const auto* changes : {&difference.live, &difference.needs_restart}) {
      for (const ConfigChange& change : *changes) {
        std::string field = change.field;
        if (const size_t name = field.find("primary"); name != std::string::npos) field.erase(name, 7);
        found.insert(field);
      }
    }
  }
  found.erase("providers");
  found.erase("providers[]");  // the type
  const std::vector<std::string> known = KnownConfigFields();
  EXPECT_EQ(found, std::set<std::string>(known.begin(), known.end()));
}

TEST(ConfigDifferenceTest, TellsOldAndNewValuesAsTheFileHasThem) {
  const ConfigDifference difference = CompareConfigs(Load(kOne), Load(kOther));
  EXPECT_THAT(
      difference.live,
      ElementsAre(Change("max_plaintext_bytes", "916", "1000"),
                  Change("kms_socket.allowed_uids", "[0]", "[1]"),
                  Change("admin_socket.allowed_uids", "[0]", "[2, 3]"), Change("shutdown_grace", "10s", "1s"),
                  Change("log.level", "info", "debug"), Change("log.format", "text", "json")));
  EXPECT_THAT(
      difference.needs_restart,
      ::testing::IsSupersetOf(
          {Change("status_version", "v2", "v2beta1"), Change("kms_socket.mode", "0600", "0660"),
           Change("kms_socket.owner", "", "root"), Change("providers", "[primary]", "[second, primary]"),
           Change("providers[primary].local.keyring", "/etc/signet/keyring", "/etc/signet/other"),
           Change("memory_lock", "warn", "required")}));
}

TEST(ConfigDifferenceTest, TakingTheLiveSettingsUpLeavesExactlyWhatNeedsARestart) {
  const Config running = WithLiveSettings(Load(kOne), Load(kOther));
  const ConfigDifference done = CompareConfigs(Load(kOne), running);
  const ConfigDifference left = CompareConfigs(running, Load(kOther));
  const ConfigDifference all = CompareConfigs(Load(kOne), Load(kOther));
  EXPECT_EQ(done.live.size(), all.live.size());
  EXPECT_THAT(done.needs_restart, IsEmpty());
  EXPECT_THAT(left.live, IsEmpty());
  EXPECT_EQ(left.needs_restart.size(), all.needs_restart.size());
}

TEST(ConfigDifferenceTest, TellsAnotherTypeAndOtherSettingsOfAVault) {
  EXPECT_THAT(
      CompareConfigs(Load(kOne), Load(kVault)).needs_restart,
      ::testing::IsSupersetOf({Change("providers[primary]", "local", "vault"),
                               Change("providers[primary].local.keyring", "/etc/signet/keyring", "")}));
  EXPECT_THAT(CompareConfigs(Load(kVault), Load(kVaultByJwt)).needs_restart,
              ::testing::IsSupersetOf({Change("providers[primary].vault.namespace", "team", ""),
                                       Change("providers[primary].vault.timeout", "3s", "2s"),
                                       Change("providers[primary].vault.auth.method", "app_role", "jwt"),
                                       Change("providers[primary].vault.tls.server_name", "vault", "")}));
}

TEST(ConfigDifferenceTest, StatusVersionIsNeverLive) {
  Config file = Load(kOne);
  file.status_version = "v2beta1";
  EXPECT_EQ(WithLiveSettings(Load(kOne), file).status_version, "v2");
}

}  // namespace
}  // namespace signet

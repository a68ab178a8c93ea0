// Rules between settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/config/config_loader.h"
#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::testing::HasSubstr;

struct Parts {
  std::string cluster = "cluster_id: prod-1\n";
  std::string state = "state_directory: /var/lib/signet\n";
  std::string active = "active: primary\n";
  std::string providers = "providers:\n  - name: primary\n    local: {keyring: /etc/signet/keyring}\n";
  std::string kms_socket = "kms_socket: {path: /run/signet/kms.sock}\n";
  std::string admin_socket = "admin_socket: {path: /run/signet/admin.sock}\n";
  std::string life = {};
};

absl::StatusOr<Config> Load(const Parts& parts) {
  return LoadConfigText("f", absl::StrCat(parts.cluster, parts.state, parts.active, parts.providers,
                                          parts.kms_socket, parts.admin_socket, parts.life));
}

std::string Problems(const Parts& parts) { return std::string(Load(parts).status().message()); }

TEST(ConfigRelationsTest, AcceptsTheBase) { EXPECT_THAT(Load(Parts{}), IsOk()); }

TEST(ConfigRelationsTest, ActiveMustNameAProvider) {
  EXPECT_EQ(Problems({.active = "active: standby\n"}),
            "f:3:1: active: must be the name of a provider: primary");
}

TEST(ConfigRelationsTest, ProviderNamesDiffer) {
  const std::string problems = Problems({.providers = R"(providers:
  - {name: primary, local: {keyring: /k1}}
  - {name: primary, local: {keyring: /k2}}
)"});
  EXPECT_EQ(problems, "f:6:6: providers[1].name: is also the name of providers[0]: names must differ");
}

TEST(ConfigRelationsTest, KeyringsDifferHoweverTheyAreSpelled) {
  const std::string problems = Problems({.providers = R"(providers:
  - {name: primary, local: {keyring: /etc/k}}
  - {name: standby, local: {keyring: /etc//k}}
)"});
  EXPECT_EQ(
      problems,
      "f:6:29: providers[1].local.keyring: is also the keyring of providers[0]: one provider per keyring");
}

TEST(ConfigRelationsTest, KeyringStandsOutsideTheStateDirectory) {
  EXPECT_THAT(Problems({.state = "state_directory: /etc/signet\n"}),
              HasSubstr("providers[0].local.keyring: must not stand in state_directory"));
  EXPECT_THAT(Load({.state = "state_directory: /etc/sig\n"}), IsOk());
}

TEST(ConfigRelationsTest, OnePassphraseSourceOnly) {
  const std::string problems = Problems({.providers = R"(providers:
  - name: primary
    local: {keyring: /k, passphrase_file: /p, passphrase_credential: c}
)"});
  EXPECT_EQ(
      problems,
      "f:6:47: providers[0].local.passphrase_credential: excludes passphrase_file: keep one of the two");
}

TEST(ConfigRelationsTest, PassphraseFileIsNotTheKeyring) {
  EXPECT_THAT(Problems({.providers = R"(providers:
  - name: primary
    local: {keyring: /k, passphrase_file: /k}
)"}),
              HasSubstr("passphrase_file: must not be the keyring itself"));
}

TEST(ConfigRelationsTest, SocketsDiffer) {
  EXPECT_EQ(Problems({.admin_socket = "admin_socket: {path: /run//signet/kms.sock}\n"}),
            "f:8:16: admin_socket.path: must differ from kms_socket.path");
}

TEST(ConfigRelationsTest, AbstractSocketNeedsPermission) {
  EXPECT_THAT(Problems({.kms_socket = "kms_socket: {path: '@signet'}\n"}),
              HasSubstr("f:7:14: kms_socket.path: is an abstract socket"));
  EXPECT_THAT(Load({.kms_socket = "kms_socket: {path: '@signet', allow_abstract: true}\n"}), IsOk());
}

TEST(ConfigRelationsTest, AbstractSocketHasNoFileAttributes) {
  const std::string problems = Problems(
      {.kms_socket = "kms_socket: {path: '@s', allow_abstract: true, mode: 0660, owner: a, group: b}\n"});
  EXPECT_THAT(problems, HasSubstr("kms_socket.mode: means nothing"));
  EXPECT_THAT(problems, HasSubstr("kms_socket.owner: means nothing"));
  EXPECT_THAT(problems, HasSubstr("kms_socket.group: means nothing"));
}

TEST(ConfigRelationsTest, AdminSocketIsNeverAbstract) {
  EXPECT_THAT(Problems({.admin_socket = "admin_socket: {path: '@admin'}\n"}),
              HasSubstr("admin_socket.path: must be an absolute path of"));
}

TEST(ConfigRelationsTest, PreviousClusterIdsAreOthers) {
  EXPECT_THAT(Problems({.cluster = "cluster_id: a\nprevious_cluster_ids: [b, a]\n"}),
              HasSubstr("f:2:1: previous_cluster_ids: must not list cluster_id"));
  EXPECT_THAT(Problems({.cluster = "cluster_id: a\nprevious_cluster_ids: [b, b]\n"}),
              HasSubstr("f:2:27: previous_cluster_ids[1]: listed twice"));
}

TEST(ConfigRelationsTest, OfflineLimitIsAtMostAThirdOfTheLifetime) {
  EXPECT_EQ(Problems({.life = "local_kek: {lifetime: 30h}\noffline_limit: 11h\n"}),
            "f:10:1: offline_limit: must be at most a third of local_kek.lifetime, which is 30h: 11h is more "
            "than 10h");
  EXPECT_THAT(Load({.life = "local_kek: {lifetime: 30h}\noffline_limit: 10h\n"}), IsOk());
}

TEST(ConfigRelationsTest, OfflineLimitOutlastsAFailedProbe) {
  EXPECT_THAT(Problems({.life = "offline_limit: 479s\n"}),
              HasSubstr("must be at least twice watch.probe_interval, which is 4m: with 479s"));
  EXPECT_THAT(Load({.life = "offline_limit: 480s\n"}), IsOk());
}

TEST(ConfigRelationsTest, AnAbsentOfflineLimitFitsTheLifetime) {
  EXPECT_EQ(EffectiveOfflineLimit(*Load(Parts{})), absl::Hours(24 * 7));
  EXPECT_EQ(EffectiveOfflineLimit(*Load({.life = "local_kek: {lifetime: 30h}\n"})), absl::Hours(10));
  EXPECT_EQ(EffectiveOfflineLimit(*Load({.life = "local_kek: {lifetime: 20m}\n"})), absl::Minutes(20));
}

TEST(ConfigRelationsTest, APendingVersionLeavesTimeForARenewal) {
  EXPECT_THAT(
      Problems({.life = "local_kek: {lifetime: 3m}\n"}),
      HasSubstr("watch.activation_delay: with three watch.confirm_interval must be at most a third of "
                "local_kek.lifetime, which is 3m: 1m + 3 × 10s is more"));
}

TEST(ConfigRelationsTest, ActiveBeforeNamesAnotherProviderAndNeedsATime) {
  EXPECT_THAT(Problems({.life = "active_before: nobody\n"}),
              AllOf(HasSubstr("active_before: needs active_from"),
                    HasSubstr("active_before: must be the name of a provider")));
  EXPECT_THAT(Problems({.life = "active_before: primary\nactive_from: 2025-03-01T02:00:00Z\n"}),
              HasSubstr("active_before: must be another provider than active"));
  EXPECT_THAT(Load({.life = "active_from: 2025-03-01T02:00:00Z\n"}), IsOk());
}

TEST(ConfigRelationsTest, TheWrapSetNamesProviders) {
  EXPECT_THAT(Problems({.life = "redundancy: {also_wrap_with: [primary, nobody]}\n"}),
              HasSubstr("redundancy.also_wrap_with[1]: must be the name of a provider"));
  EXPECT_THAT(Load({.life = "redundancy: {also_wrap_with: [primary]}\n"}), IsOk());
}

}  // namespace
}  // namespace signet

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/config/key_life_reader.h"

namespace signet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ConfigWarningsTest, TheDefaultsGiveNone) { EXPECT_THAT(ConfigWarnings(Config()), IsEmpty()); }

TEST(ConfigWarningsTest, ShortIntervalsAreForTests) {
  Config config;
  config.watch.interval = absl::Milliseconds(100);
  EXPECT_THAT(ConfigWarnings(config),
              ElementsAre("watch.interval: 100ms is for tests; at least 30s is meant for a cluster"));
  config.watch.confirm_interval = absl::Seconds(4);
  config.watch.activation_delay = absl::Seconds(29);
  EXPECT_THAT(ConfigWarnings(config),
              ElementsAre(StartsWith("watch.interval: "), StartsWith("watch.confirm_interval: 4s"),
                          StartsWith("watch.activation_delay: 29s")));
}

TEST(ConfigWarningsTest, CredentialsThatNeedTheApiServerThatWeServeAreALoop) {
  ProviderConfig vault;
  vault.name = "one";
  vault.vault.emplace().auth.method = VaultMethod::kKubernetes;
  ProviderConfig alibaba;
  alibaba.name = "two";
  alibaba.alibaba.emplace().auth.source = AlibabaSource::kOidc;
  ProviderConfig good;
  good.name = "three";
  good.alibaba.emplace().auth.source = AlibabaSource::kEcsRole;
  Config config;
  config.providers = {vault, alibaba, good};
  EXPECT_THAT(ConfigWarnings(config),
              ElementsAre(StartsWith("providers[one]: these credentials come from a running API server"),
                          StartsWith("providers[two]: these credentials come from a running API server")));
}

}  // namespace
}  // namespace signet

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

}  // namespace
}  // namespace signet

#include "plugin/config/key_life_reader.h"

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

// Tests run the shipped program with intervals down to here.
constexpr absl::Duration kShortest = absl::Milliseconds(100);
// Below these a KMS is asked more often than it deserves, and one odd answer is soon believed.
constexpr absl::Duration kShortWatch = absl::Seconds(30);
constexpr absl::Duration kShortConfirmation = absl::Seconds(5);
constexpr absl::Duration kShortDelay = absl::Seconds(30);

WatchConfig ReadWatch(SectionReader section) {
  WatchConfig watch;
  section.Optional("interval", DurationBetween(kShortest, absl::Hours(1)), watch.interval);
  section.Optional("confirm_interval", DurationBetween(kShortest, absl::Minutes(5)), watch.confirm_interval);
  section.Optional("activation_delay", DurationBetween(kShortest, absl::Hours(24)), watch.activation_delay);
  section.Finish();
  return watch;
}

}  // namespace

void ReadKeyLife(SectionReader& root, Config& config) {
  root.Optional("allow_remote_rotation", Boolean(), config.allow_remote_rotation);
  config.watch = ReadWatch(root.Section("watch"));
}

std::vector<std::string> ConfigWarnings(const Config& config) {
  std::vector<std::string> warnings;
  const auto check = [&warnings](absl::string_view field, absl::Duration value, absl::Duration least) {
    if (value >= least) return;
    warnings.push_back(absl::StrCat(field, ": ", FormatDurationSetting(value), " is for tests; at least ",
                                    FormatDurationSetting(least), " is meant for a cluster"));
  };
  check("watch.interval", config.watch.interval, kShortWatch);
  check("watch.confirm_interval", config.watch.confirm_interval, kShortConfirmation);
  check("watch.activation_delay", config.watch.activation_delay, kShortDelay);
  return warnings;
}

}  // namespace signet

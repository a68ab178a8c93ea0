#include "plugin/config/key_life_reader.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

// Tests run the shipped program with intervals down to here.
constexpr absl::Duration kShortest = absl::Milliseconds(100);
// Below these a KMS is asked more often than it deserves, and one odd answer is soon believed.
constexpr absl::Duration kShortWatch = absl::Seconds(30);
constexpr absl::Duration kShortConfirmation = absl::Seconds(5);
constexpr absl::Duration kShortDelay = absl::Seconds(30);
constexpr absl::Duration kShortMove = absl::Minutes(5);
constexpr absl::Duration kLongest = absl::Hours(24 * 366);
constexpr absl::Duration kDefaultOfflineLimit = absl::Hours(24 * 7);
// As many as a record has entries.
constexpr size_t kMostInWrapSet = 4;

WatchConfig ReadWatch(SectionReader section) {
  WatchConfig watch;
  section.Optional("interval", DurationBetween(kShortest, absl::Hours(1)), watch.interval);
  section.Optional("confirm_interval", DurationBetween(kShortest, absl::Minutes(5)), watch.confirm_interval);
  section.Optional("activation_delay", DurationBetween(kShortest, absl::Hours(24)), watch.activation_delay);
  section.Optional("probe_interval", DurationBetween(kShortest, absl::Hours(1)), watch.probe_interval);
  section.Optional("move_delay", DurationBetween(kShortest, absl::Hours(24)), watch.move_delay);
  section.Finish();
  return watch;
}

RedundancyConfig ReadRedundancy(SectionReader section) {
  RedundancyConfig redundancy;
  section.OptionalList("also_wrap_with", ProviderName(), kMostInWrapSet, redundancy.also_wrap_with);
  section.Optional("allow_degraded_start", Boolean(), redundancy.allow_degraded_start);
  section.Optional("on_revoked",
                   OneOf<OnRevoked>({{"deny", OnRevoked::kDeny}, {"fallback", OnRevoked::kFallback}}),
                   redundancy.on_revoked);
  section.Finish();
  return redundancy;
}

}  // namespace

void ReadKeyLife(SectionReader& root, Config& config) {
  root.Optional("mode", OneOf<KeyMode>({{"hierarchy", KeyMode::kHierarchy}, {"direct", KeyMode::kDirect}}),
                config.mode);
  root.Optional("active_from", Moment(), config.active_from);
  root.Optional("active_before", ProviderName(), config.active_before);
  root.Optional("allow_remote_rotation", Boolean(), config.allow_remote_rotation);
  config.watch = ReadWatch(root.Section("watch"));
  root.Optional("offline_limit", DurationBetween(kShortest, kLongest), config.offline_limit);
  root.Optional("decrypt_past_offline_limit", Boolean(), config.decrypt_past_offline_limit);
  root.Optional("denied_grace", DurationBetween(absl::ZeroDuration(), absl::Hours(24 * 30)),
                config.denied_grace);
  config.redundancy = ReadRedundancy(root.Section("redundancy"));
}

absl::Duration EffectiveOfflineLimit(const Config& config) {
  if (config.offline_limit.has_value()) return *config.offline_limit;
  const absl::Duration limit = std::min(kDefaultOfflineLimit, config.local_kek.lifetime / 3);
  return limit < 2 * config.watch.probe_interval ? config.local_kek.lifetime : limit;
}

void CheckKeyLife(const Config& config, ReadContext& context) {
  const auto report = [&context](const std::string& field, const std::string& text) {
    const auto position = context.positions.find(field);
    context.problems.Add(position == context.positions.end() ? FilePosition{} : position->second, field,
                         text);
  };
  const absl::Duration lifetime = config.local_kek.lifetime;
  const std::string life = FormatDurationSetting(lifetime);
  if (config.offline_limit.has_value()) {
    const std::string limit = FormatDurationSetting(*config.offline_limit);
    if (*config.offline_limit > lifetime / 3) {
      report("offline_limit",
             absl::StrCat("must be at most a third of local_kek.lifetime, which is ", life, ": ", limit,
                          " is more than ", FormatDurationSetting(lifetime / 3)));
    }
    if (*config.offline_limit < 2 * config.watch.probe_interval) {
      report("offline_limit", absl::StrCat("must be at least twice watch.probe_interval, which is ",
                                           FormatDurationSetting(config.watch.probe_interval), ": with ",
                                           limit, " one probe that fails would stop Encrypt"));
    }
  }
  // A pending version holds renewals up, which begin at two thirds.
  if (config.watch.activation_delay + 3 * config.watch.confirm_interval > lifetime / 3) {
    report("watch.activation_delay",
           absl::StrCat("with three watch.confirm_interval must be at most a third of local_kek.lifetime, "
                        "which is ",
                        life, ": ", FormatDurationSetting(config.watch.activation_delay), " + 3 × ",
                        FormatDurationSetting(config.watch.confirm_interval), " is more"));
  }
  if (!config.active_before.empty()) {
    if (!config.active_from.has_value()) {
      report("active_before", "needs active_from: the time until which it writes");
    }
    if (config.active_before == config.active) {
      report("active_before", "must be another provider than active: the one that writes until active_from");
    } else if (std::none_of(
                   config.providers.begin(), config.providers.end(),
                   [&config](const auto& provider) { return provider.name == config.active_before; })) {
      report("active_before", "must be the name of a provider");
    }
  }
  const std::vector<std::string>& others = config.redundancy.also_wrap_with;
  size_t wrap_set = 1;
  for (size_t i = 0; i < others.size(); ++i) {
    const bool known =
        std::any_of(config.providers.begin(), config.providers.end(),
                    [&others, i](const ProviderConfig& provider) { return provider.name == others[i]; });
    if (!known) {
      report(absl::StrCat("redundancy.also_wrap_with[", i, "]"), "must be the name of a provider");
    }
    if (others[i] != config.active) ++wrap_set;
  }
  if (wrap_set > kMostInWrapSet) {
    report("redundancy.also_wrap_with",
           absl::StrCat("makes a wrap-set of ", wrap_set, " providers with the active one: a record holds ",
                        kMostInWrapSet));
  }
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
  check("watch.probe_interval", config.watch.probe_interval, kShortWatch);
  check("watch.move_delay", config.watch.move_delay, kShortMove);
  for (const ProviderConfig& provider : config.providers) {
    const bool needs_our_api_server =
        (provider.vault.has_value() && provider.vault->auth.method == VaultMethod::kKubernetes) ||
        (provider.alibaba.has_value() && provider.alibaba->auth.source == AlibabaSource::kOidc);
    if (!needs_our_api_server) continue;
    warnings.push_back(
        absl::StrCat("providers[", provider.name,
                     "]: these credentials come from a running API server; if that is the one ",
                     "that signetd serves, neither starts without the other"));
  }
  return warnings;
}

}  // namespace signet

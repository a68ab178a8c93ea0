#include "plugin/cmd/signetctl/time_text.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signet::ctl {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string TimeText(const google::protobuf::Timestamp& timestamp) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", ToTime(timestamp), absl::UTCTimeZone());
}

std::string RoughDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) return absl::StrCat("-", RoughDuration(-duration));
  constexpr std::array<std::pair<int64_t, const char*>, 4> kUnits = {
      {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}};
  int64_t seconds = absl::ToInt64Seconds(duration);
  for (size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (seconds < kUnits[i].first) continue;
    const int64_t rest = seconds % kUnits[i].first / kUnits[i + 1].first;
    const std::string large = absl::StrCat(seconds / kUnits[i].first, kUnits[i].second);
    return rest == 0 ? large : absl::StrCat(large, " ", rest, kUnits[i + 1].second);
  }
  return absl::StrCat(seconds, "s");
}

std::string TimeAndDistance(const google::protobuf::Timestamp& timestamp, absl::Time now) {
  const absl::Time time = ToTime(timestamp);
  if (time > now) return absl::StrCat(TimeText(timestamp), " (in ", RoughDuration(time - now), ")");
  return absl::StrCat(TimeText(timestamp), " (", RoughDuration(now - time), " ago)");
}

}  // namespace signet::ctl

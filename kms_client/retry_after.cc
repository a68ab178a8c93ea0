#include "kms_client/retry_after.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kPayloadUrl = "signet/retry-after-ms";
constexpr absl::Duration kLongest = absl::Hours(1);

}  // namespace

absl::Status WithRetryAfter(absl::Status status, absl::Duration wait) {
  const absl::Duration bounded = std::clamp(wait, absl::ZeroDuration(), kLongest);
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(absl::ToInt64Milliseconds(bounded))));
  return status;
}

std::optional<absl::Duration> GetRetryAfter(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  int64_t milliseconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &milliseconds)) return std::nullopt;
  return absl::Milliseconds(milliseconds);
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now) {
  const absl::string_view text = absl::StripAsciiWhitespace(header);
  uint32_t seconds = 0;
  if (!text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
      absl::SimpleAtoi(text, &seconds)) {
    return std::min(absl::Seconds(seconds), kLongest);
  }
  absl::Time until;
  std::string error;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &until, &error)) return std::nullopt;
  return std::clamp(until - now, absl::ZeroDuration(), kLongest);
}

}  // namespace signet::kms

#include "kms_client/alibaba/answer_date.h"

namespace signet::kms {

std::optional<absl::Time> DateOf(const HttpResponse& response) {
  const auto header = response.Header("date");
  absl::Time date;
  if (!header.has_value() || !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", *header, &date, nullptr)) {
    return std::nullopt;
  }
  return date;
}

}  // namespace signet::kms

// Retry-After: how long a remote asked us to wait, carried as a payload of the absl::Status beside the
// failure class, so that whoever retries or probes can honour it. Thread-safe; nothing blocks.
#ifndef SIGNET_KMS_CLIENT_RETRY_AFTER_H_
#define SIGNET_KMS_CLIENT_RETRY_AFTER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signet::kms {

// `status` with the wait attached, at most an hour, at least zero.
absl::Status WithRetryAfter(absl::Status status, absl::Duration wait);
std::optional<absl::Duration> GetRetryAfter(const absl::Status& status);

// The value of an HTTP Retry-After header: whole seconds, or a date, which is compared with `now`. nullopt:
// neither.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_RETRY_AFTER_H_

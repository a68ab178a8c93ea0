// Retry: one loop with three parts: which errors are transient, how long to wait, when to stop.
#ifndef SIGNET_KMS_CLIENT_RESILIENCE_RETRY_H_
#define SIGNET_KMS_CLIENT_RESILIENCE_RETRY_H_

#include <memory>

#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

struct RetrySettings {
  int max_attempts = 4;  // the first included
  absl::Duration first_wait = absl::Milliseconds(50);
  absl::Duration longest_wait = absl::Seconds(1);
};

// UNAVAILABLE and RESOURCE_EXHAUSTED, unless the failure class says that asking again cannot help. Not
// DEADLINE_EXCEEDED: the time that ran out was the caller's.
bool IsTransient(const absl::Status& status);

// Full jitter: uniform between zero and min(longest_wait, first_wait * 2^(failures - 1)). `failures` >= 1.
absl::Duration JitteredWait(const RetrySettings& settings, int failures, crypto::RandomSource& random);

// Tries Describe, Wrap and Unwrap again while the error is transient and the next attempt would begin before
// the deadline; honours Retry-After by waiting at least that long, or giving up at once where time does not
// allow it. Never tries Rotate again: it may have taken place. The last attempt's error is returned, with the
// number of attempts. `clock` and `random` outlive the client.
std::unique_ptr<KmsClient> MakeRetryingKmsClient(std::unique_ptr<KmsClient> inner, RetrySettings settings,
                                                 const Clock& clock, crypto::RandomSource& random);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_RESILIENCE_RETRY_H_

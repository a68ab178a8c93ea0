#include "kms_client/resilience/retry.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/resilience/kms_client_decorator.h"
#include "kms_client/retry_after.h"

namespace signet::kms {
namespace {

absl::Status WithAttempts(const absl::Status& status, int attempts) {
  if (attempts == 1) return status;
  absl::Status result(status.code(), absl::StrCat(status.message(), " (", attempts, " attempts)"));
  status.ForEachPayload(
      [&result](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

class RetryingKmsClient final : public KmsClientDecorator {
 public:
  RetryingKmsClient(std::unique_ptr<KmsClient> inner, RetrySettings settings, const Clock& clock,
                    crypto::RandomSource& random)
      : KmsClientDecorator(std::move(inner)), settings_(settings), clock_(clock), random_(random) {}

 protected:
  absl::Status Around(RemoteOperation operation, const CallContext& call, Attempt attempt) override {
    if (operation == RemoteOperation::kRotate) return attempt(call);
    for (int attempts = 1;; ++attempts) {
      const absl::Status status = attempt(call);
      if (status.ok() || !IsTransient(status) || attempts >= settings_.max_attempts) {
        return WithAttempts(status, attempts);
      }
      const absl::Duration wait = std::max(JitteredWait(settings_, attempts, random_),
                                           GetRetryAfter(status).value_or(absl::ZeroDuration()));
      const MonotonicTime next = clock_.Monotonic() + wait;
      if (next >= call.deadline) return WithAttempts(status, attempts);
      SIGNET_RETURN_IF_ERROR(SleepUntil(clock_, call, next));
    }
  }

 private:
  const RetrySettings settings_;
  const Clock& clock_;
  crypto::RandomSource& random_;
};

}  // namespace

bool IsTransient(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kUnavailable &&
      status.code() != absl::StatusCode::kResourceExhausted) {
    return false;
  }
  const FailureClass failure = GetFailureClass(status);
  return failure == FailureClass::kUnreachable || failure == FailureClass::kThrottled;
}

absl::Duration JitteredWait(const RetrySettings& settings, int failures, crypto::RandomSource& random) {
  // Beyond 2^20 the bound has long been reached.
  const absl::Duration bound =
      std::min(settings.longest_wait, settings.first_wait * (int64_t{1} << std::clamp(failures - 1, 0, 20)));
  std::array<uint8_t, 4> bytes{};
  // Without chance the whole wait is the cautious one.
  if (!random.Fill(absl::MakeSpan(bytes)).ok()) return bound;
  uint32_t number = 0;
  for (const uint8_t byte : bytes) number = number << 8 | byte;
  return bound * (static_cast<double>(number) / 4294967296.0);
}

std::unique_ptr<KmsClient> MakeRetryingKmsClient(std::unique_ptr<KmsClient> inner, RetrySettings settings,
                                                 const Clock& clock, crypto::RandomSource& random) {
  return std::make_unique<RetryingKmsClient>(std::move(inner), settings, clock, random);
}

}  // namespace signet::kms

#include "kms_client/resilience/circuit_breaker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/failure_class.h"
#include "kms_client/resilience/kms_client_decorator.h"
#include "kms_client/retry_after.h"

namespace signet::kms {
namespace {

// For those who come while another call probes.
constexpr absl::Duration kProbeTakes = absl::Milliseconds(100);

enum class Meaning { kReached, kFailed, kNothing };

Meaning MeaningOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
      return Meaning::kNothing;
    case absl::StatusCode::kDeadlineExceeded:
      return Meaning::kFailed;
    case absl::StatusCode::kUnavailable:
      return GetFailureClass(status) == FailureClass::kUnreachable ? Meaning::kFailed : Meaning::kNothing;
    default:
      return Meaning::kReached;
  }
}

class BreakingKmsClient final : public KmsClientDecorator {
 public:
  BreakingKmsClient(std::unique_ptr<KmsClient> inner, CircuitBreakerSettings settings, std::string provider,
                    const Clock& clock, RemoteCallObserver& observer)
      : KmsClientDecorator(std::move(inner)),
        breaker_(settings, clock),
        provider_(std::move(provider)),
        observer_(observer) {}

 protected:
  absl::Status Around(RemoteOperation, const CallContext& call, Attempt attempt) override {
    SIGNET_ASSIGN_OR_RETURN(const CircuitBreaker::Permit permit, breaker_.Admit());
    absl::Status status = attempt(call);
    const CircuitBreaker::Change change = breaker_.Report(permit, status);
    if (change != CircuitBreaker::Change::kNone) {
      observer_.OnCircuit(provider_, change == CircuitBreaker::Change::kOpened);
    }
    return status;
  }

 private:
  CircuitBreaker breaker_;
  const std::string provider_;
  RemoteCallObserver& observer_;
};

}  // namespace

absl::StatusOr<CircuitBreaker::Permit> CircuitBreaker::Admit() {
  MutexLock lock(mutex_);
  if (!open_) return Permit{};
  const MonotonicTime now = clock_.Monotonic();
  if (now >= open_until_ && !probing_) {
    probing_ = true;
    return Permit{.is_probe = true};
  }
  const absl::Duration left = std::max(open_until_ - now, kProbeTakes);
  return WithRetryAfter(
      WithFailureClass(absl::UnavailableError(absl::StrCat(
                           "the KMS failed several times in a row: waiting; last: ", last_failure_)),
                       FailureClass::kUnreachable),
      left);
}

CircuitBreaker::Change CircuitBreaker::Report(Permit permit, const absl::Status& status) {
  const Meaning meaning = MeaningOf(status);
  MutexLock lock(mutex_);
  if (permit.is_probe) probing_ = false;
  if (meaning == Meaning::kNothing) return Change::kNone;
  if (meaning == Meaning::kReached) {
    failures_ = 0;
    return std::exchange(open_, false) ? Change::kClosed : Change::kNone;
  }
  ++failures_;
  last_failure_ = std::string(status.message());
  if (open_) {
    // A call that began before it opened only confirms what is known.
    if (permit.is_probe) {
      open_for_ = std::min(2 * open_for_, settings_.longest_open);
      open_until_ = clock_.Monotonic() + open_for_;
    }
    return Change::kNone;
  }
  if (failures_ < settings_.failures_to_open) return Change::kNone;
  open_ = true;
  open_for_ = settings_.first_open;
  open_until_ = clock_.Monotonic() + open_for_;
  return Change::kOpened;
}

std::unique_ptr<KmsClient> MakeBreakingKmsClient(std::unique_ptr<KmsClient> inner,
                                                 CircuitBreakerSettings settings, std::string provider,
                                                 const Clock& clock, RemoteCallObserver& observer) {
  return std::make_unique<BreakingKmsClient>(std::move(inner), settings, std::move(provider), clock,
                                             observer);
}

}  // namespace signet::kms

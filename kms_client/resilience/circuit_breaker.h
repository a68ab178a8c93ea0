// CircuitBreaker: after several failures in a row it refuses calls for a while instead of letting each wait
// for its time-out, then lets one through to see whether the remote is back.
#ifndef SIGNET_KMS_CLIENT_RESILIENCE_CIRCUIT_BREAKER_H_
#define SIGNET_KMS_CLIENT_RESILIENCE_CIRCUIT_BREAKER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"

namespace signet::kms {

struct CircuitBreakerSettings {
  int failures_to_open = 5;  // in a row
  // How long it stays open: the first time, doubled with each failed probe, at most. The longest is how long
  // a KMS that is back may go unnoticed: less than kube-apiserver waits for an answer (3 s).
  absl::Duration first_open = absl::Seconds(1);
  absl::Duration longest_open = absl::Seconds(2);
};

// Thread-safe; nothing blocks.
class CircuitBreaker {
 public:
  enum class Change { kNone, kOpened, kClosed };
  struct Permit {
    bool is_probe = false;
  };

  // `clock` outlives the breaker.
  CircuitBreaker(CircuitBreakerSettings settings, const Clock& clock) : settings_(settings), clock_(clock) {}

  // A permit: make the call and Report what became of it. UNAVAILABLE, with a Retry-After up to the next
  // probe or, while one is under way, of a moment, and the last failure's text: do not.
  absl::StatusOr<Permit> Admit();
  // Failures are UNAVAILABLE of class unreachable and DEADLINE_EXCEEDED. Cancelled and throttled calls say
  // nothing; every other answer, denial included, proves that the remote is there.
  Change Report(Permit permit, const absl::Status& status);

 private:
  const CircuitBreakerSettings settings_;
  const Clock& clock_;

  Mutex mutex_;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool probing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration open_for_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  MonotonicTime open_until_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();
  std::string last_failure_ ABSL_GUARDED_BY(mutex_);
};

// `clock` and `observer` outlive the client.
std::unique_ptr<KmsClient> MakeBreakingKmsClient(std::unique_ptr<KmsClient> inner,
                                                 CircuitBreakerSettings settings, std::string provider,
                                                 const Clock& clock, RemoteCallObserver& observer);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_RESILIENCE_CIRCUIT_BREAKER_H_

// The decorators in the one order that makes sense: bound( retry( breaker( observation( backend )))). So a
// call holds its place while it retries, a retry meets an open breaker at once, and every attempt is seen.
#ifndef SIGNET_KMS_CLIENT_RESILIENCE_RESILIENT_KMS_CLIENT_H_
#define SIGNET_KMS_CLIENT_RESILIENCE_RESILIENT_KMS_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"
#include "kms_client/resilience/circuit_breaker.h"
#include "kms_client/resilience/retry.h"

namespace signet::kms {

struct ResilienceSettings {
  RetrySettings retry;
  CircuitBreakerSettings breaker;
  size_t most_at_once = 16;
};

// Tells `observer` of every attempt.
std::unique_ptr<KmsClient> MakeObservedKmsClient(std::unique_ptr<KmsClient> inner, std::string provider,
                                                 const Clock& clock, RemoteCallObserver& observer);

// `provider` is the configured name, for the observer. The references outlive the client.
std::unique_ptr<KmsClient> MakeResilientKmsClient(std::unique_ptr<KmsClient> backend,
                                                  const ResilienceSettings& settings,
                                                  const std::string& provider, const Clock& clock,
                                                  crypto::RandomSource& random, RemoteCallObserver& observer);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_RESILIENCE_RESILIENT_KMS_CLIENT_H_

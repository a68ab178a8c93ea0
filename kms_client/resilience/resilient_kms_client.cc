#include "kms_client/resilience/resilient_kms_client.h"

#include <utility>

#include "kms_client/resilience/concurrency_bound.h"
#include "kms_client/resilience/kms_client_decorator.h"

namespace signet::kms {
namespace {

class ObservedKmsClient final : public KmsClientDecorator {
 public:
  ObservedKmsClient(std::unique_ptr<KmsClient> inner, std::string provider, const Clock& clock,
                    RemoteCallObserver& observer)
      : KmsClientDecorator(std::move(inner)),
        provider_(std::move(provider)),
        clock_(clock),
        observer_(observer) {}

 protected:
  absl::Status Around(RemoteOperation operation, const CallContext& call, Attempt attempt) override {
    const MonotonicTime start = clock_.Monotonic();
    absl::Status status = attempt(call);
    observer_.OnAttempt(provider_, operation, status, clock_.Monotonic() - start);
    return status;
  }

 private:
  const std::string provider_;
  const Clock& clock_;
  RemoteCallObserver& observer_;
};

}  // namespace

std::unique_ptr<KmsClient> MakeObservedKmsClient(std::unique_ptr<KmsClient> inner, std::string provider,
                                                 const Clock& clock, RemoteCallObserver& observer) {
  return std::make_unique<ObservedKmsClient>(std::move(inner), std::move(provider), clock, observer);
}

std::unique_ptr<KmsClient> MakeResilientKmsClient(std::unique_ptr<KmsClient> backend,
                                                  const ResilienceSettings& settings,
                                                  const std::string& provider, const Clock& clock,
                                                  crypto::RandomSource& random,
                                                  RemoteCallObserver& observer) {
  std::unique_ptr<KmsClient> client = MakeObservedKmsClient(std::move(backend), provider, clock, observer);
  client = MakeBreakingKmsClient(std::move(client), settings.breaker, provider, clock, observer);
  client = MakeRetryingKmsClient(std::move(client), settings.retry, clock, random);
  return MakeBoundedKmsClient(std::move(client), settings.most_at_once, clock);
}

}  // namespace signet::kms

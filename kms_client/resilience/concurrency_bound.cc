#include "kms_client/resilience/concurrency_bound.h"

#include <utility>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/resilience/kms_client_decorator.h"

namespace signet::kms {
namespace {

class BoundedKmsClient final : public KmsClientDecorator {
 public:
  BoundedKmsClient(std::unique_ptr<KmsClient> inner, size_t most, const Clock& clock)
      : KmsClientDecorator(std::move(inner)), clock_(clock), free_(most) {}

 protected:
  absl::Status Around(RemoteOperation, const CallContext& call, Attempt attempt) override {
    SIGNET_RETURN_IF_ERROR(Enter(call));
    absl::Status status = attempt(call);
    MutexLock lock(mutex_);
    ++free_;
    // All, not one: the one might be a waiter that is about to give up.
    changed_.NotifyAll();
    return status;
  }

 private:
  absl::Status Enter(const CallContext& call) {
    const CancellationWakeup wakeup(call, mutex_, changed_);
    MutexLock lock(mutex_);
    while (true) {
      if (IsCancelled(call)) return absl::CancelledError("the caller is gone");
      if (free_ > 0) break;
      if (clock_.Monotonic() >= call.deadline) {
        return WithFailureClass(absl::ResourceExhaustedError("too many calls to the KMS at once"),
                                FailureClass::kThrottled);
      }
      clock_.WaitUntil(mutex_, changed_, call.deadline);
    }
    --free_;
    return absl::OkStatus();
  }

  const Clock& clock_;
  Mutex mutex_;
  CondVar changed_;
  size_t free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<KmsClient> MakeBoundedKmsClient(std::unique_ptr<KmsClient> inner, size_t most,
                                                const Clock& clock) {
  return std::make_unique<BoundedKmsClient>(std::move(inner), most, clock);
}

}  // namespace signet::kms

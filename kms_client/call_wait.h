// CallWait: waits on behalf of a call, through the Clock, until something holds, time is up or the caller is
// gone.
#ifndef SIGNET_KMS_CLIENT_CALL_WAIT_H_
#define SIGNET_KMS_CLIENT_CALL_WAIT_H_

#include "absl/status/status.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// Makes the cancellation of one call wake the waiters of a condition, for as long as this object lives.
// Create and destroy it without `mutex` held. Not thread-safe itself.
class CancellationWakeup {
 public:
  // `mutex` and `condition` outlive this object.
  CancellationWakeup(const CallContext& call, Mutex& mutex, CondVar& condition);
  ~CancellationWakeup();
  CancellationWakeup(const CancellationWakeup&) = delete;
  CancellationWakeup& operator=(const CancellationWakeup&) = delete;

 private:
  const std::shared_ptr<CancellationToken> token_;
  CancellationToken::CallbackId id_ = 0;
};

bool IsCancelled(const CallContext& call);

// CANCELLED or DEADLINE_EXCEEDED where the call need not begin, else OK.
absl::Status CheckCallAlive(const Clock& clock, const CallContext& call);

// Blocks until `until` whatever the call's deadline. CANCELLED: the caller left meanwhile.
absl::Status SleepUntil(const Clock& clock, const CallContext& call, MonotonicTime until);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_CALL_WAIT_H_

#include "kms_client/alibaba/own_key_proof.h"

#include <utility>

#include "base/status_macros.h"
#include "base/unshared_status.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"

namespace signet::kms {
namespace {

bool SpeaksOfTheKey(const absl::Status& status) {
  if (status.ok()) return true;
  const FailureClass failure = GetFailureClass(status);
  return failure == FailureClass::kDenied || failure == FailureClass::kRevoked;
}

}  // namespace

OwnKeyProof::OwnKeyProof(Prove prove, const Clock& clock) : prove_(std::move(prove)), clock_(clock) {}

absl::Status OwnKeyProof::Get(const CallContext& call) {
  const CancellationWakeup wakeup(call, mutex_, changed_);
  {
    MutexLock lock(mutex_);
    while (true) {
      if (proof_.has_value() && clock_.BootTime() < believed_until_) return UnsharedCopy(*proof_);
      SIGNET_RETURN_IF_ERROR(CheckCallAlive(clock_, call));
      if (!proving_) break;
      clock_.WaitUntil(mutex_, changed_, call.deadline);
    }
    proving_ = true;
  }
  absl::Status status = prove_(call);
  MutexLock lock(mutex_);
  proving_ = false;
  if (SpeaksOfTheKey(status)) {
    proof_ = UnsharedCopy(status);
    believed_until_ = clock_.BootTime() + kLasts;
  }
  changed_.NotifyAll();
  return status;
}

}  // namespace signet::kms

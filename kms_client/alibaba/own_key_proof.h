// OwnKeyProof: whether our own key opens what it wrapped, found out by one caller for all and believed for a
// moment: what makes us ask comes from etcd, and whoever writes there must not make us ask as often as he
// likes.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_OWN_KEY_PROOF_H_
#define SIGNET_KMS_CLIENT_ALIBABA_OWN_KEY_PROOF_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// Thread-safe.
class OwnKeyProof {
 public:
  // Far less than the 20 s between two confirmations of a denial, so that it never stands in the way of one.
  static constexpr absl::Duration kLasts = absl::Seconds(5);

  // `prove` asks the KMS. OK: the key opened what it had wrapped; else the refusal, with its class.
  using Prove = std::function<absl::Status(const CallContext&)>;

  // `clock` outlives the object, and so does what `prove` holds.
  OwnKeyProof(Prove prove, const Clock& clock);

  // What `prove` says, or said at most kLasts ago. Only what speaks of the key (OK, denied, revoked) is
  // believed for longer than one call. CANCELLED, DEADLINE_EXCEEDED: this caller's.
  absl::Status Get(const CallContext& call);

 private:
  const Prove prove_;
  const Clock& clock_;

  Mutex mutex_;
  CondVar changed_;
  bool proving_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> proof_ ABSL_GUARDED_BY(mutex_);
  absl::Duration believed_until_ ABSL_GUARDED_BY(mutex_) = absl::ZeroDuration();  // boot time
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_OWN_KEY_PROOF_H_

// AlibabaCaller: calls of KMS with the access key that there is now.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CALLER_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CALLER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/alibaba_rpc.h"
#include "kms_client/auth/credentials.h"
#include "kms_client/auth/credentials_cache.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// Thread-safe. Blocks up to the call's deadline.
class AlibabaCaller {
 public:
  // `provider` gives AlibabaAccessKey. `clock` outlives the object.
  AlibabaCaller(std::unique_ptr<AlibabaRpc> rpc, std::unique_ptr<CredentialsProvider> provider,
                const Clock& clock);

  // Sends `request` with our access key and, where that is refused, once more with a new one, which everybody
  // shares. Only a 2xx is returned, everything else as AlibabaErrorStatus has it; of class unreachable where
  // no new key is to be had, or where a missing permission may be an expired token's. `refusal`, if not null,
  // is set to what the last answer was.
  absl::StatusOr<AlibabaAnswer> Call(const AlibabaRequest& request, const CallContext& call,
                                     AlibabaRefusal* refusal = nullptr);

  // As Call, but a refusal stands: for what may be forbidden to credentials that another call just proved.
  absl::StatusOr<AlibabaAnswer> CallWithProvenKey(const AlibabaRequest& request, const CallContext& call);

  std::string OperationName(const AlibabaRequest& request) const { return rpc_->OperationName(request); }

 private:
  const std::unique_ptr<AlibabaRpc> rpc_;
  CredentialsCache credentials_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CALLER_H_

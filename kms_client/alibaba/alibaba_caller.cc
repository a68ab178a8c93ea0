#include "kms_client/alibaba/alibaba_caller.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/failure_class.h"

namespace signet::kms {

AlibabaCaller::AlibabaCaller(std::unique_ptr<AlibabaRpc> rpc, std::unique_ptr<CredentialsProvider> provider,
                             const Clock& clock)
    : rpc_(std::move(rpc)), credentials_(std::move(provider), CredentialsCacheSettings(), clock) {}

absl::StatusOr<AlibabaAnswer> AlibabaCaller::Call(const AlibabaRequest& request, const CallContext& call,
                                                  AlibabaRefusal* refusal) {
  const std::string operation = OperationName(request);
  AlibabaRefusal last = AlibabaRefusal::kNone;
  AlibabaRefusal& refused = refusal == nullptr ? last : *refusal;
  refused = AlibabaRefusal::kNone;
  SIGNET_ASSIGN_OR_RETURN(const CredentialsCache::Lease lease, credentials_.Get(call));
  SIGNET_ASSIGN_OR_RETURN(AlibabaAnswer answer, rpc_->Call(request, &lease.As<AlibabaAccessKey>(), call));
  if (answer.ok()) return answer;
  refused = AlibabaRefusalOf(ParseAlibabaError(answer));
  if (refused == AlibabaRefusal::kNone || refused == AlibabaRefusal::kKey)
    return AlibabaErrorStatus(operation, answer);
  const absl::StatusOr<CredentialsCache::Lease> renewed = credentials_.Renew(call, lease.generation);
  if (!renewed.ok()) {
    return WithFailureClass(
        absl::Status(renewed.status().code(), absl::StrCat(AlibabaErrorStatus(operation, answer).message(),
                                                           ", and ", renewed.status().message())),
        FailureClass::kUnreachable);
  }
  if (renewed->generation != lease.generation) {
    SIGNET_ASSIGN_OR_RETURN(answer, rpc_->Call(request, &renewed->As<AlibabaAccessKey>(), call));
    refused = AlibabaRefusal::kNone;
    if (answer.ok()) return answer;
    refused = AlibabaRefusalOf(ParseAlibabaError(answer));
  }
  absl::Status status = AlibabaErrorStatus(operation, answer);
  // An expired token may be answered as a missing permission.
  if (refused == AlibabaRefusal::kPermission && renewed->As<AlibabaAccessKey>().may_be_over) {
    return WithFailureClass(
        absl::UnavailableError(
            absl::StrCat(status.message(), ", unless the STS token has expired: its file has no Expiration")),
        FailureClass::kUnreachable);
  }
  return status;
}

absl::StatusOr<AlibabaAnswer> AlibabaCaller::CallWithProvenKey(const AlibabaRequest& request,
                                                               const CallContext& call) {
  SIGNET_ASSIGN_OR_RETURN(const CredentialsCache::Lease lease, credentials_.Get(call));
  SIGNET_ASSIGN_OR_RETURN(AlibabaAnswer answer, rpc_->Call(request, &lease.As<AlibabaAccessKey>(), call));
  if (answer.ok()) return answer;
  return AlibabaErrorStatus(OperationName(request), answer);
}

}  // namespace signet::kms

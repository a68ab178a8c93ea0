#include "kms_client/resilience/kms_client_decorator.h"

#include "base/status_macros.h"

namespace signet::kms {

absl::StatusOr<KeyDescription> KmsClientDecorator::Describe(const CallContext& call) {
  absl::StatusOr<KeyDescription> result = absl::UnknownError("");
  SIGNET_RETURN_IF_ERROR(Around(RemoteOperation::kDescribe, call, [&](const CallContext& attempt_call) {
    result = inner_->Describe(attempt_call);
    return result.status();
  }));
  return result;
}

absl::StatusOr<WrapResult> KmsClientDecorator::Wrap(const CallContext& call,
                                                    const crypto::SecretBytes& plaintext,
                                                    const WrapContext& context) {
  absl::StatusOr<WrapResult> result = absl::UnknownError("");
  SIGNET_RETURN_IF_ERROR(Around(RemoteOperation::kWrap, call, [&](const CallContext& attempt_call) {
    result = inner_->Wrap(attempt_call, plaintext, context);
    return result.status();
  }));
  return result;
}

absl::StatusOr<UnwrapResult> KmsClientDecorator::Unwrap(const CallContext& call,
                                                        absl::string_view backend_field,
                                                        absl::string_view blob, const WrapContext& context) {
  absl::StatusOr<UnwrapResult> result = absl::UnknownError("");
  SIGNET_RETURN_IF_ERROR(Around(RemoteOperation::kUnwrap, call, [&](const CallContext& attempt_call) {
    result = inner_->Unwrap(attempt_call, backend_field, blob, context);
    return result.status();
  }));
  return result;
}

absl::Status KmsClientDecorator::Rotate(const CallContext& call) {
  return Around(RemoteOperation::kRotate, call,
                [&](const CallContext& attempt_call) { return inner_->Rotate(attempt_call); });
}

}  // namespace signet::kms

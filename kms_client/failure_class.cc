#include "kms_client/failure_class.h"

#include <optional>

#include "absl/strings/cord.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kPayloadUrl = "signet/failure-class";
constexpr FailureClass kAll[] = {FailureClass::kUnreachable, FailureClass::kThrottled, FailureClass::kDenied,
                                 FailureClass::kRevoked, FailureClass::kBadBlob};

}  // namespace

absl::string_view FailureClassName(FailureClass failure) {
  switch (failure) {
    case FailureClass::kUnreachable:
      return "unreachable";
    case FailureClass::kThrottled:
      return "throttled";
    case FailureClass::kDenied:
      return "denied";
    case FailureClass::kRevoked:
      return "revoked";
    case FailureClass::kBadBlob:
      return "bad_blob";
  }
  return "unreachable";
}

absl::Status WithFailureClass(absl::Status status, FailureClass failure) {
  status.SetPayload(kPayloadUrl, absl::Cord(FailureClassName(failure)));
  return status;
}

FailureClass GetFailureClass(const absl::Status& status) {
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl); payload.has_value()) {
    for (const FailureClass failure : kAll) {
      if (*payload == FailureClassName(failure)) return failure;
    }
  }
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInvalidArgument:
      return FailureClass::kBadBlob;
    case absl::StatusCode::kResourceExhausted:
      return FailureClass::kThrottled;
    default:
      return FailureClass::kUnreachable;
  }
}

}  // namespace signet::kms

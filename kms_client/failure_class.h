// FailureClass: what a failed remote call means for the keys we hold, apart from its status code.
// Carried as a payload of the absl::Status, so that it survives every hop. Thread-safe; nothing blocks.
#ifndef SIGNET_KMS_CLIENT_FAILURE_CLASS_H_
#define SIGNET_KMS_CLIENT_FAILURE_CLASS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::kms {

enum class FailureClass {
  kUnreachable,  // network, 5xx, sealed, 401, login failed: coast on what we hold
  kThrottled,    // as unreachable, and asking less would help
  kDenied,       // refused with a credential that was proven valid
  kRevoked,      // the vendor says that this very key is disabled, pending deletion or destroyed
  kBadBlob,      // the blob, its version or its context is wrong: says nothing about the key's health
};

absl::string_view FailureClassName(FailureClass failure);

// `status` with the class attached.
absl::Status WithFailureClass(absl::Status status, FailureClass failure);

// The attached class; without one kBadBlob for DATA_LOSS and INVALID_ARGUMENT, kThrottled for
// RESOURCE_EXHAUSTED, else kUnreachable: the cautious reading, which purges nothing. `status` is not OK.
FailureClass GetFailureClass(const absl::Status& status);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_FAILURE_CLASS_H_

// The uid of a call, as far as it may be told to a vendor. Thread-safe (pure function); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_PLAIN_UID_H_
#define SIGNET_KMS_CLIENT_PLAIN_UID_H_

#include "absl/strings/string_view.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// kube-apiserver's uid is a UUID, but it is somebody else's text: empty unless it is 1 to 64 letters, digits
// and hyphens. Lives as long as `call`.
absl::string_view PlainUid(const CallContext& call);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_PLAIN_UID_H_

// The JSON in which Alibaba Cloud hands out access keys: STS below "Credentials", the metadata service and
// files at the top. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ISSUED_KEY_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ISSUED_KEY_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crypto/sensitive_string.h"
#include "kms_client/alibaba/alibaba_rpc.h"

namespace signet::kms {

struct IssuedAlibabaKey {
  std::shared_ptr<AlibabaAccessKey> key;
  // By the clock of whoever issued it, which need not be ours.
  absl::Time expires = absl::InfiniteFuture();
  // What that clock showed when the key was issued, where it is known.
  std::optional<absl::Time> issuer_time = std::nullopt;
};

// How long `issued` is good from `now`, our clock's time, on: not positive once it is over.
absl::Duration LifetimeOf(const IssuedAlibabaKey& issued, absl::Time now);

// {"AccessKeyId","AccessKeySecret","SecurityToken","Expiration"} in the object `member` of `body`, or at its
// top where `member` is empty. The last two may be missing. Secrets are cut out of `body`. UNAVAILABLE: it is
// something else; the message begins with `source` and holds nothing of the text.
absl::StatusOr<IssuedAlibabaKey> ParseAlibabaKey(absl::string_view source, absl::string_view member,
                                                 crypto::SensitiveString& body);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ISSUED_KEY_H_

// TransitKey: what Vault tells about a Transit key. Hostile input; thread-safe (values); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_VAULT_TRANSIT_KEY_H_
#define SIGNET_KMS_CLIENT_VAULT_TRANSIT_KEY_H_

#include <cstdint>
#include <map>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

struct TransitKey {
  uint32_t latest_version = 0;
  // Unix seconds by version; those that may no longer decrypt are missing.
  std::map<uint32_t, int64_t> created;

  // The version as key_id names it; nullopt where Vault does not list it.
  std::optional<RemoteVersion> Version(uint32_t number) const;
};

// The answer to a read of the key. FAILED_PRECONDITION, class revoked: soft-deleted; FAILED_PRECONDITION: a
// key that cannot serve (no associated data, derived), with the reason; UNAVAILABLE: not such an answer.
absl::StatusOr<TransitKey> ParseTransitKey(absl::string_view operation, absl::string_view body);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_TRANSIT_KEY_H_

// What a Vault's error answer means: one function from HTTP status and text to absl::Status and FailureClass.
// The table is in ../ERRORS.md. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_VAULT_VAULT_ERRORS_H_
#define SIGNET_KMS_CLIENT_VAULT_VAULT_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kms_client/vault/vault_api.h"

namespace signet::kms {

// The first error text of {"errors":["…"]}, made safe to show: one line, printable, at most 160 bytes, words
// that are long enough to be a token left out. Empty where there is none.
std::string VaultErrorText(const VaultAnswer& answer);

// For an answer that is neither 2xx nor a refusal of the credential. `operation` is "vault encrypt", …
absl::Status VaultErrorStatus(absl::string_view operation, const VaultAnswer& answer);

// Decrypt failed for a version that this node may not have heard of yet.
bool MayBeReplicationLag(const VaultAnswer& answer);

// For 401 and 403: denied where a Vault says so and the token was proven valid just now, else unreachable.
absl::Status VaultRefusalStatus(absl::string_view operation, const VaultAnswer& answer, bool token_is_proven);

// A 2xx whose content is not what was asked for.
absl::Status VaultMalformedStatus(absl::string_view operation);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_VAULT_VAULT_ERRORS_H_

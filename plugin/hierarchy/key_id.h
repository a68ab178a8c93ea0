// key_id: the name of a remote KEK version that kube-apiserver sees, compares and stores.
//
//   <type>-v<version>-<lineage>[-g<generation>]      e.g. vault-v3-8f3a1c0d9e7b2a44
//
// Equal on every replica and after every restart, because nothing but the remote key and the configuration
// goes in. Nobody parses one: they are only compared. Thread-safe (pure function); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_ID_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_ID_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/record.h"
#include "kms_client/kms_client.h"

namespace signet {

inline constexpr uint32_t kMaxKeyIdGeneration = 99999;

struct KeyIdInputs {
  crypto::ProviderType type = crypto::ProviderType::kLocal;  // of the active provider
  crypto::Fingerprint fingerprint{};                         // of the active provider
  kms::RemoteVersion version;
  // Of every provider that wraps the local KEK, the active one included; order and repetition do not matter.
  std::vector<crypto::Fingerprint> wrap_set;
  uint32_t generation = 0;  // 0 adds nothing
};

// At most 64 bytes of [a-z0-9-]. The lineage is the hex of ShortDigest("signet/v1/lineage", type's name,
// fingerprint, the version's mark, sorted fingerprints of the wrap-set), so that neither a number that comes
// back nor a changed wrap-set ever makes an old key_id again. INTERNAL: a provider broke the contract of
// kms::RemoteVersion; INVALID_ARGUMENT: an empty wrap-set or a generation above kMaxKeyIdGeneration.
absl::StatusOr<std::string> MakeKeyId(const KeyIdInputs& inputs);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_ID_H_

// StoredValue: which transformer of kube-apiserver wrote a value in etcd, told by its prefix
// "k8s:enc:<transformer>:<version>:<name>:". Hostile input; pure; views point into it.
#ifndef SIGNET_PLUGIN_ETCD_STORED_VALUE_H_
#define SIGNET_PLUGIN_ETCD_STORED_VALUE_H_

#include "absl/strings/string_view.h"

namespace signet::etcd {

enum class Transformer {
  kKmsV2,
  kKmsV1,
  kAesCbc,
  kAesGcm,
  kSecretbox,
  kIdentityProtobuf,  // not encrypted: "k8s\0" and protobuf
  kIdentityJson,      // not encrypted: begins like a JSON object
  kIdentityCbor,      // not encrypted: self-described CBOR
  kUnknownEncrypted,  // "k8s:enc:" and something this version does not know
  kNone,              // nothing that kube-apiserver writes
};

struct StoredValue {
  Transformer transformer = Transformer::kNone;
  // The KMS provider's name, or the key's name for aescbc, aesgcm and secretbox.
  absl::string_view name;
  // Behind the prefix; for identity the whole value.
  absl::string_view payload;
};

// Never fails; a known prefix without its closing colon is kUnknownEncrypted.
StoredValue ParseStoredValue(absl::string_view value);

// "kms v2", "aescbc", "identity (protobuf)", …
absl::string_view TransformerName(Transformer transformer);

}  // namespace signet::etcd

#endif  // SIGNET_PLUGIN_ETCD_STORED_VALUE_H_

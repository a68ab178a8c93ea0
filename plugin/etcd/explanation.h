// Explain: what a stored blob is, from its bytes alone: no key, no KMS, no daemon. Reads a whole value of
// etcd, a bare envelope of ours or a bare record; hostile input; pure. Nothing in an Explanation is secret,
// and no payload bytes are kept.
#ifndef SIGNET_PLUGIN_ETCD_EXPLANATION_H_
#define SIGNET_PLUGIN_ETCD_EXPLANATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/record.h"
#include "plugin/etcd/stored_value.h"

namespace signet::etcd {

struct AnnotationFacts {
  std::string name;  // untrusted text
  size_t bytes = 0;
};

// Of a KMS v2 object.
struct ObjectFacts {
  std::string key_id;       // untrusted text
  std::string key_id_hash;  // as in kube-apiserver's metrics
  uint64_t seed_type = 0;
  size_t encrypted_data_bytes = 0;
  size_t wrapped_seed_bytes = 0;
  std::vector<AnnotationFacts> annotations;
  // What every object under this seed stores besides its own data.
  size_t overhead_bytes = 0;
};

struct EnvelopeFacts {
  uint8_t format = 0;
  std::string local_kek_id;  // hex
  size_t bytes = 0;
  size_t plaintext_bytes = 0;
};

struct RecordFacts {
  crypto::Record record;
  std::string key_id_hash;
  std::string local_kek_id;  // hex: the hash of these bytes
  size_t bytes = 0;
};

enum class BlobKind { kStoredValue, kEnvelope, kRecord };

struct Explanation {
  BlobKind kind = BlobKind::kStoredValue;
  size_t bytes = 0;
  Transformer transformer = Transformer::kNone;  // of kStoredValue
  std::string name;                              // provider or key, untrusted text
  size_t payload_bytes = 0;                      // behind the prefix
  std::optional<ObjectFacts> object;             // of KMS v2
  std::optional<size_t> wrapped_key_bytes;       // of KMS v1
  std::optional<EnvelopeFacts> envelope;         // ours
  std::optional<RecordFacts> record;             // ours
  std::string foreign_format;                    // of a KMS value that is not ours
  // The two bindings of ours that need no key to check.
  std::optional<bool> record_is_the_envelopes;
  std::optional<bool> record_key_id_is_the_objects;
  // What is malformed or contradicts; a healthy value has none.
  std::vector<std::string> problems;
  std::vector<std::string> notes;
};

// INVALID_ARGUMENT: empty, or nothing that kube-apiserver or signetd writes. A value that is recognised but
// broken is explained as far as it goes, with problems.
absl::StatusOr<Explanation> Explain(absl::string_view blob);

}  // namespace signet::etcd

#endif  // SIGNET_PLUGIN_ETCD_EXPLANATION_H_

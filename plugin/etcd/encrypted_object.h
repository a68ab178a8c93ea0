// EncryptedObject: what kube-apiserver stores behind "k8s:enc:kms:v2:<name>:", and the rules it checks before
// it uses one. Hostile input; pure; views point into it.
#ifndef SIGNET_PLUGIN_ETCD_ENCRYPTED_OBJECT_H_
#define SIGNET_PLUGIN_ETCD_ENCRYPTED_OBJECT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::etcd {

// kube-apiserver's limits; exactly as many bytes still pass.
inline constexpr size_t kMaxWrappedSeedBytes = 1024;
inline constexpr size_t kMaxKeyIdBytesOfApiserver = 1024;
inline constexpr size_t kMaxAnnotationsBytes = size_t{32} * 1024;

// As the number stands in the object; others are refused by kube-apiserver.
inline constexpr uint64_t kSeedTypeAesGcmKey = 0;  // written by Kubernetes 1.25 to 1.28
inline constexpr uint64_t kSeedTypeHkdfSeed = 1;   // written since 1.29

struct EncryptedObject {
  absl::string_view encrypted_data;
  absl::string_view key_id;
  absl::string_view wrapped_seed;  // the plugin's ciphertext
  std::map<absl::string_view, absl::string_view> annotations;
  uint64_t seed_type = kSeedTypeAesGcmKey;
};

// Reads the protobuf as kube-apiserver's decoder does: unknown fields are skipped, of repeated ones the last
// counts. INVALID_ARGUMENT: not a protobuf message of that shape, or a text that is not UTF-8.
absl::StatusOr<EncryptedObject> ParseEncryptedObject(absl::string_view message);

// What kube-apiserver objects to, one text each; empty when it would use the object. The parts are for
// answers of a plugin, which have no data and no seed type yet.
std::vector<std::string> ObjectionsToObject(const EncryptedObject& object);
std::vector<std::string> ObjectionsToCiphertext(absl::string_view ciphertext);
std::vector<std::string> ObjectionsToKeyId(absl::string_view key_id);
std::vector<std::string> ObjectionsToAnnotations(
    const std::map<absl::string_view, absl::string_view>& annotations);

// A domain name of two labels or more, lower case, as annotations must be named.
bool IsFullyQualifiedDomainName(absl::string_view name);

}  // namespace signet::etcd

#endif  // SIGNET_PLUGIN_ETCD_ENCRYPTED_OBJECT_H_

// KmsService: the three calls of KMS v2 as plain structs: shape and size checks in front of the hierarchy.
// Knows neither gRPC nor protobuf; plugin/server translates.
//
// Thread-safe. Status and Encrypt do no I/O. Decrypt answers through its callback.
#ifndef SIGNET_PLUGIN_SERVICE_KMS_SERVICE_H_
#define SIGNET_PLUGIN_SERVICE_KMS_SERVICE_H_

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet {

struct KmsServiceOptions {
  std::string status_version = "v2";  // or "v2beta1"
  size_t max_plaintext_bytes = 916;   // of Encrypt; 1 to 65,536
};

struct StatusAnswer {
  absl::string_view version;
  absl::string_view healthz;  // "ok"
  std::shared_ptr<const ActiveKey> key;
};

struct DecryptCall {
  absl::string_view ciphertext;
  absl::string_view key_id;
  absl::string_view uid;
  // In the order received; views are borrowed until the callback has run, like those above.
  std::vector<std::pair<absl::string_view, absl::string_view>> annotations;
  MonotonicTime deadline = absl::InfiniteDuration();
  std::shared_ptr<CancellationToken> cancellation;  // may be null
};

class KmsService {
 public:
  // `hierarchy` outlives the service.
  KmsService(KmsServiceOptions options, KeyHierarchy& hierarchy);

  // UNAVAILABLE and the like while Encrypt cannot work: kube-apiserver stops writing on an RPC error only.
  absl::StatusOr<StatusAnswer> Status() const;

  // INVALID_ARGUMENT: empty uid, or a plaintext that is empty or longer than max_plaintext_bytes; else as
  // KeyHierarchy::Encrypt.
  absl::StatusOr<EncryptResult> Encrypt(absl::string_view plaintext, absl::string_view uid);

  // `mode: direct`: EncryptLater instead of Encrypt, which answers through its callback. The same errors, and
  // as KeyHierarchy::EncryptLater.
  bool encrypts_later() const { return hierarchy_.encrypts_later(); }
  void EncryptLater(const EncryptInput& input, EncryptCallback callback);

  // INVALID_ARGUMENT: empty uid, empty key_id, ciphertext longer than 64 KiB + 108, not exactly the one
  // annotation; else as KeyHierarchy::Decrypt.
  void Decrypt(const DecryptCall& call, DecryptCallback callback);

  // For the calls from now on.
  void SetMaxPlaintextBytes(size_t bytes) { max_plaintext_bytes_ = bytes; }

 private:
  absl::Status CheckEncrypt(absl::string_view plaintext, absl::string_view uid) const;

  const std::string status_version_;
  std::atomic<size_t> max_plaintext_bytes_;
  KeyHierarchy& hierarchy_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVICE_KMS_SERVICE_H_

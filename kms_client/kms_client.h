// KmsClient: one key in one external KMS, as the hierarchy sees it. Bytes in, StatusOr out; what a vendor
// calls things stays behind this interface. Every backend passes tests/contract.
//
// Thread-safe. Every method but type() and fingerprint() may block up to the context's deadline; none is
// called with a lock held or on an RPC thread.
//
// Status codes: UNAVAILABLE unreachable, throttled upstream with no time left, not ready, remote 401;
// PERMISSION_DENIED denied with a proven credential; FAILED_PRECONDITION key or version disabled;
// NOT_FOUND key or version destroyed or unknown; DATA_LOSS the blob does not open; INVALID_ARGUMENT the blob
// or backend field is malformed; RESOURCE_EXHAUSTED throttled; DEADLINE_EXCEEDED; CANCELLED. The class that
// decides what the hierarchy does about it travels beside the code: failure_class.h.
#ifndef SIGNET_KMS_CLIENT_KMS_CLIENT_H_
#define SIGNET_KMS_CLIENT_KMS_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "crypto/record.h"
#include "crypto/secret_bytes.h"

namespace signet::kms {

// Per call: how long, until when it is wanted, and for whom (kube-apiserver's uid, untrusted text, for the
// vendor's audit log where it takes one).
struct CallContext {
  MonotonicTime deadline = absl::InfiniteDuration();
  std::shared_ptr<CancellationToken> cancellation;  // may be null
  std::string uid;
};

// What every wrap is bound to, so that a record is useless in another cluster that shares the KMS key.
struct WrapContext {
  std::string cluster_id;

  static constexpr absl::string_view kPurpose = "signet-local-kek";
  // {"cluster_id":"…","purpose":"signet-local-kek"} without blanks, for backends that take bytes. cluster_id
  // is limited to [A-Za-z0-9._-], so nothing needs escaping.
  std::string ToJson() const;
};

// One version of the remote key.
struct RemoteVersion {
  // What stands in key_id after "-v": the number, or the short hash of the vendor's id. 1 to 20 of [0-9a-z].
  std::string label;
  // The version's own mark, never shared by two versions even if a number comes back (lineage input).
  std::string mark;
  // Set where versions are ordered: a lower one is a rollback.
  std::optional<uint64_t> number;

  friend bool operator==(const RemoteVersion&, const RemoteVersion&) = default;
};

struct KeyDescription {
  RemoteVersion current;  // the one Wrap uses now
};

struct WrapResult {
  std::string backend_field;  // at most 255 bytes; handed back to Unwrap
  std::string blob;           // at most 3,000 bytes, so that four fit in a record
  RemoteVersion version;      // the version that was in fact used
};

struct UnwrapResult {
  crypto::SecretBytes plaintext;
  // Where the vendor names the version that unwrapped.
  std::optional<RemoteVersion> version;
};

class KmsClient {
 public:
  virtual ~KmsClient() = default;

  virtual crypto::ProviderType type() const = 0;
  // Names the remote key whatever its version; constant for the life of the client. Known without I/O.
  virtual const crypto::Fingerprint& fingerprint() const = 0;

  virtual absl::StatusOr<KeyDescription> Describe(const CallContext& call) = 0;
  // Wraps exactly 32 bytes under the current version.
  virtual absl::StatusOr<WrapResult> Wrap(const CallContext& call, const crypto::SecretBytes& plaintext,
                                          const WrapContext& context) = 0;
  // Hostile input: backend_field and blob come from etcd.
  virtual absl::StatusOr<UnwrapResult> Unwrap(const CallContext& call, absl::string_view backend_field,
                                              absl::string_view blob, const WrapContext& context) = 0;
  // Makes a new version of the remote key. UNIMPLEMENTED where the backend cannot.
  virtual absl::Status Rotate(const CallContext& call);
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_KMS_CLIENT_H_

// DirectEncryptor: Encrypt in `mode: direct`: a local KEK per call, wrapped by the KMS, used once and
// forgotten. The same format as ever, so either mode reads the other's data. What it announces is the active
// snapshot, which has been proved by unwrap; the single calls are not.
//
// Thread-safe. Encrypt does not block: it answers from a worker.
#ifndef SIGNET_PLUGIN_HIERARCHY_DIRECT_ENCRYPTOR_H_
#define SIGNET_PLUGIN_HIERARCHY_DIRECT_ENCRYPTOR_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "crypto/sensitive_string.h"
#include "plugin/hierarchy/key_hierarchy.h"
#include "plugin/hierarchy/key_maker.h"
#include "plugin/hierarchy/offline_limit.h"
#include "plugin/hierarchy/worker_pool.h"
#include "plugin/hierarchy/write_gate.h"

namespace signet {

class DirectEncryptor {
 public:
  // All outlive the object; the pool stops before it is destroyed.
  struct Parts {
    const KeyMaker& maker;
    const WriteGate& gate;
    OfflineLimit& offline;
    WorkerPool& pool;
    const Clock& clock;
    crypto::RandomSource& random;
  };
  // `on_newer` runs on a worker when the KMS has wrapped under another version than the snapshot's.
  DirectEncryptor(absl::Duration remote_call_timeout, Parts parts, std::function<void()> on_newer)
      : remote_call_timeout_(remote_call_timeout), parts_(parts), on_newer_(std::move(on_newer)) {}

  // Errors: KeyHierarchy::EncryptLater.
  void Encrypt(const EncryptInput& input, EncryptCallback callback);

 private:
  absl::StatusOr<EncryptResult> Run(const PublishedKey& published, const crypto::SensitiveString& plaintext,
                                    const kms::CallContext& call);

  const absl::Duration remote_call_timeout_;
  const Parts parts_;
  const std::function<void()> on_newer_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_DIRECT_ENCRYPTOR_H_

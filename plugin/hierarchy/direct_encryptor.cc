#include "plugin/hierarchy/direct_encryptor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "crypto/envelope.h"
#include "plugin/hierarchy/record_unwrapper.h"

namespace signet {

void DirectEncryptor::Encrypt(const EncryptInput& input, EncryptCallback callback) {
  absl::StatusOr<std::shared_ptr<const PublishedKey>> published = parts_.gate.Look();
  if (!published.ok()) return callback(std::move(published).status());
  kms::CallContext call;
  call.deadline = std::min(input.deadline, parts_.clock.Monotonic() + remote_call_timeout_);
  call.cancellation = input.cancellation;
  call.uid = std::string(input.uid);
  auto plaintext = std::make_shared<crypto::SensitiveString>(std::string(input.plaintext));
  auto shared = std::make_shared<EncryptCallback>(std::move(callback));
  const WorkerPool::Ticket ticket =
      parts_.pool.Submit([this, published = *published, plaintext, call, shared] {
        (*shared)(Run(*published, *plaintext, call));
      });
  if (ticket == 0) (*shared)(absl::ResourceExhaustedError("too many calls wait for the KMS"));
}

absl::StatusOr<EncryptResult> DirectEncryptor::Run(const PublishedKey& published,
                                                   const crypto::SensitiveString& plaintext,
                                                   const kms::CallContext& call) {
  if (call.cancellation != nullptr && call.cancellation->cancelled()) {
    return absl::CancelledError("the call was cancelled");
  }
  if (parts_.clock.Monotonic() >= call.deadline) {
    return absl::DeadlineExceededError("the KMS did not answer in time");
  }
  const ActiveKey& announced = *published.key;
  SIGNET_ASSIGN_OR_RETURN(const KeyTarget target,
                          parts_.maker.TargetOf(published.plan, announced.remote_version));
  const absl::StatusOr<MadeKey> made = parts_.maker.MakeForOneUse(target, call);
  if (absl::IsAborted(made.status())) {
    on_newer_();
    return absl::UnavailableError("the KMS has another key version, which is being taken up");
  }
  if (!made.ok()) return RecordUnwrapper::ForClient(made.status());
  (void)parts_.offline.Succeeded();  // the probe's turn reports what the disk has against it
  auto key = std::make_shared<ActiveKey>(announced);
  key->record = made->record;
  key->local_kek_id = made->id;
  key->local_kek = made->kek;
  key->created = parts_.clock.Wall();
  key->stored = false;
  EncryptResult result;
  SIGNET_ASSIGN_OR_RETURN(result.ciphertext, crypto::SealEnvelope(*made->kek, made->id, announced.key_id,
                                                                  plaintext.Expose(), parts_.random));
  result.key = std::move(key);
  return result;
}

}  // namespace signet

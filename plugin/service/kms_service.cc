#include "plugin/service/kms_service.h"

#include <utility>

#include "base/status_macros.h"
#include "crypto/envelope.h"
#include "crypto/record.h"

namespace signet {
namespace {

constexpr absl::string_view kHealthy = "ok";

absl::Status CheckDecrypt(const DecryptCall& call) {
  if (call.uid.empty()) return absl::InvalidArgumentError("uid is empty");
  if (call.key_id.empty()) return absl::InvalidArgumentError("key_id is empty");
  if (call.ciphertext.size() > crypto::kMaxPlaintextBytes + crypto::kEnvelopeOverheadBytes) {
    return absl::InvalidArgumentError("ciphertext: too long");
  }
  if (call.annotations.size() != 1 || call.annotations.front().first != crypto::kRecordAnnotation) {
    return absl::InvalidArgumentError("annotations: exactly one, kek.signet.internal, is expected");
  }
  return absl::OkStatus();
}

}  // namespace

KmsService::KmsService(KmsServiceOptions options, KeyHierarchy& hierarchy)
    : status_version_(std::move(options.status_version)),
      max_plaintext_bytes_(options.max_plaintext_bytes),
      hierarchy_(hierarchy) {}

absl::StatusOr<StatusAnswer> KmsService::Status() const {
  SIGNET_ASSIGN_OR_RETURN(std::shared_ptr<const ActiveKey> key, hierarchy_.Writable());
  return StatusAnswer{status_version_, kHealthy, std::move(key)};
}

absl::Status KmsService::CheckEncrypt(absl::string_view plaintext, absl::string_view uid) const {
  if (uid.empty()) return absl::InvalidArgumentError("uid is empty");
  if (plaintext.empty()) return absl::InvalidArgumentError("plaintext is empty");
  if (plaintext.size() > max_plaintext_bytes_) return absl::InvalidArgumentError("plaintext: too long");
  return absl::OkStatus();
}

absl::StatusOr<EncryptResult> KmsService::Encrypt(absl::string_view plaintext, absl::string_view uid) {
  SIGNET_RETURN_IF_ERROR(CheckEncrypt(plaintext, uid));
  return hierarchy_.Encrypt(plaintext);
}

void KmsService::EncryptLater(const EncryptInput& input, EncryptCallback callback) {
  if (absl::Status status = CheckEncrypt(input.plaintext, input.uid); !status.ok()) {
    return callback(std::move(status));
  }
  hierarchy_.EncryptLater(input, std::move(callback));
}

void KmsService::Decrypt(const DecryptCall& call, DecryptCallback callback) {
  if (absl::Status status = CheckDecrypt(call); !status.ok()) return callback(std::move(status));
  DecryptInput input;
  input.ciphertext = call.ciphertext;
  input.key_id = call.key_id;
  input.record = call.annotations.front().second;
  input.uid = call.uid;
  input.deadline = call.deadline;
  input.cancellation = call.cancellation;
  hierarchy_.Decrypt(input, std::move(callback));
}

}  // namespace signet

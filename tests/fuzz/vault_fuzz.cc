// What a hostile Vault answers, and what a hostile etcd says that Vault wrapped: nothing crashes, a secret
// that was taken out of an answer is no longer in it, and what is accepted is what the formats say.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "crypto/secure_heap.h"
#include "kms_client/failure_class.h"
#include "kms_client/json_body.h"
#include "kms_client/retry_after.h"
#include "kms_client/vault/transit_codec.h"
#include "kms_client/vault/transit_key.h"
#include "kms_client/vault/vault_errors.h"
#include "tests/fuzz/fuzz_check.h"

namespace signet::kms {
namespace {

void CheckAnswer(const std::string& bytes) {
  if (const absl::StatusOr<TransitCiphertext> ciphertext = DecodeEncryptAnswer("op", bytes);
      ciphertext.ok()) {
    FUZZ_CHECK(DecodeRecordEntry(EncodeBackendField(ciphertext->key_version), ciphertext->bytes).ok());
  }
  if (const absl::StatusOr<TransitKey> key = ParseTransitKey("op", bytes); key.ok()) {
    FUZZ_CHECK(key->Version(key->latest_version).has_value());
  }
  crypto::SensitiveString decrypt_body{std::string(bytes)};
  if (const auto plaintext = DecodeDecryptAnswer("op", decrypt_body); plaintext.ok()) {
    FUZZ_CHECK(plaintext->size() == kTransitPlaintextBytes);
  }
  crypto::SensitiveString login_body{std::string(bytes)};
  if (const auto secret = TakeJsonSecret(login_body, "client_token"); secret.ok()) {
    FUZZ_CHECK(login_body.size() + secret->size() == bytes.size());
    FUZZ_CHECK(!absl::StrContains(secret->Expose(), "\""));
  }
  crypto::SensitiveString lookup_body{std::string(bytes)};
  BlankJsonStrings(lookup_body, "id");
  FUZZ_CHECK(lookup_body.size() == bytes.size());
}

void CheckError(const std::string& bytes, int status) {
  VaultAnswer answer;
  answer.status = status;
  answer.body = crypto::SensitiveString(std::string(bytes));
  const std::string text = VaultErrorText(answer);
  FUZZ_CHECK(text.size() <= 160);
  for (const char c : text) FUZZ_CHECK(c >= ' ' && c < 0x7F);
  FUZZ_CHECK(!VaultErrorStatus("op", answer).ok());
  // Only these two may purge keys, and no text may bring them about with another HTTP status.
  const FailureClass failure = GetFailureClass(VaultErrorStatus("op", answer));
  FUZZ_CHECK(failure != FailureClass::kDenied);
  FUZZ_CHECK(failure != FailureClass::kRevoked || status == 400 || status == 404);
}

}  // namespace
}  // namespace signet::kms

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool heap = [] {
    const absl::Status status = signet::crypto::InitializeSecureHeap();
    return status.ok() || absl::IsFailedPrecondition(status);
  }();
  if (!heap) std::abort();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  signet::kms::CheckAnswer(bytes);
  for (const int status : {400, 404, 429, 500, 503}) signet::kms::CheckError(bytes, status);
  const size_t field = bytes.size() < 4 ? bytes.size() : 4;
  if (const auto entry = signet::kms::DecodeRecordEntry(bytes.substr(0, field), bytes.substr(field));
      entry.ok()) {
    FUZZ_CHECK(signet::kms::EncodeBackendField(entry->key_version) == bytes.substr(0, 4));
    FUZZ_CHECK(entry->bytes == bytes.substr(4));
  }
  (void)signet::kms::ParseRetryAfter(bytes, absl::FromUnixSeconds(1700000000));
  return 0;
}

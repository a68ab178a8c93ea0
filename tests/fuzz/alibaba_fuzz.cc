// What a hostile Alibaba Cloud answers, and what a hostile etcd says that it encrypted: nothing crashes, a
// secret that was taken out of an answer is no longer in it, and what is accepted is what the formats say.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "crypto/secure_heap.h"
#include "kms_client/alibaba/alibaba_codec.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/issued_key.h"
#include "kms_client/failure_class.h"
#include "tests/fuzz/fuzz_check.h"

namespace signet::kms {
namespace {

bool IsVisible(const std::string& text) {
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7F) return false;
  }
  return true;
}

void CheckAnswer(const std::string& bytes) {
  if (const auto ciphertext = DecodeAlibabaCiphertext("op", bytes); ciphertext.ok()) {
    FUZZ_CHECK(CheckAlibabaEntry("", ciphertext->blob).ok());
    FUZZ_CHECK(IsVisible(ciphertext->key_version_id) && !ciphertext->key_version_id.empty());
    FUZZ_CHECK(AlibabaVersion(ciphertext->key_version_id).label.size() == 16);
  }
  crypto::SensitiveString decrypt_body{std::string(bytes)};
  if (const auto plaintext = DecodeAlibabaPlaintext("op", decrypt_body); plaintext.ok()) {
    FUZZ_CHECK(plaintext->bytes.size() == kAlibabaPlaintextBytes);
    // 44 characters of base64 are gone.
    FUZZ_CHECK(decrypt_body.size() + 44 == bytes.size());
  }
  if (const auto key = DecodeAlibabaKey("op", bytes); key.ok()) {
    FUZZ_CHECK(!key->state.empty() && IsVisible(key->arn) && IsVisible(key->primary_key_version));
  }
  if (const auto versions = DecodeAlibabaVersions("op", bytes); versions.ok() && versions->has_value()) {
    for (const std::string& version : **versions) FUZZ_CHECK(!version.empty() && IsVisible(version));
  }
}

void CheckKey(const std::string& bytes, absl::string_view member) {
  crypto::SensitiveString body{std::string(bytes)};
  const auto issued = ParseAlibabaKey("file", member, body);
  if (!issued.ok()) return;
  const AlibabaAccessKey& key = *issued->key;
  FUZZ_CHECK(!key.id.empty() && IsVisible(key.id) && !absl::StrContains(key.id, ","));
  FUZZ_CHECK(key.secret.size() > 0);
  // They stand in headers.
  for (const absl::string_view text : {key.secret.Expose(), key.security_token.Expose()}) {
    for (const char c : text) FUZZ_CHECK(c != '\r' && c != '\n' && c != '\0');
  }
  FUZZ_CHECK(body.size() + key.secret.size() + key.security_token.size() == bytes.size());
}

void CheckError(const std::string& bytes, int status) {
  AlibabaAnswer answer;
  answer.status = status;
  answer.body = crypto::SensitiveString(std::string(bytes));
  const AlibabaError error = ParseAlibabaError(answer);
  FUZZ_CHECK(error.code.size() <= 64 && IsVisible(error.code));
  FUZZ_CHECK(error.request_id.size() <= 64 && IsVisible(error.request_id));
  for (const char* operation : {"alibaba Encrypt", "alibaba Decrypt"}) {
    const absl::Status mapped = AlibabaErrorStatus(operation, answer);
    FUZZ_CHECK(!mapped.ok());
    FUZZ_CHECK(mapped.message().size() <= 320);
    // Only these two may purge keys, and never without a code of the vendor's that says so.
    const FailureClass failure = GetFailureClass(mapped);
    if (failure == FailureClass::kDenied || failure == FailureClass::kRevoked)
      FUZZ_CHECK(!error.code.empty());
  }
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
  signet::kms::CheckKey(bytes, "");
  signet::kms::CheckKey(bytes, "Credentials");
  for (const int status : {400, 403, 404, 409, 429, 500, 503}) signet::kms::CheckError(bytes, status);
  if (signet::kms::CheckAlibabaEntry("", bytes).ok()) {
    FUZZ_CHECK(bytes.size() >= 44 && bytes.size() <= 3000 && signet::kms::IsVisible(bytes));
  }
  return 0;
}

#include "kms_client/vault/transit_codec.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "crypto/base64.h"
#include "kms_client/failure_class.h"
#include "kms_client/json_body.h"
#include "kms_client/vault/vault_errors.h"

namespace signet::kms {
namespace {

// Nonce, 32 bytes, tag: of 12 + 16 bytes, or 24 + 16 for xchacha20-poly1305.
constexpr size_t kBlobBytes = 12 + kTransitPlaintextBytes + 16;
constexpr size_t kLongBlobBytes = 24 + kTransitPlaintextBytes + 16;

bool IsBlobSize(size_t size) { return size == kBlobBytes || size == kLongBlobBytes; }

absl::Status BadBlob(absl::string_view what) {
  return WithFailureClass(absl::InvalidArgumentError(what), FailureClass::kBadBlob);
}

// "vault:v3:<base64>", exactly.
std::optional<TransitCiphertext> ParseCiphertext(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "vault:v")) return std::nullopt;
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const absl::string_view number = text.substr(0, colon);
  TransitCiphertext ciphertext;
  if (!absl::SimpleAtoi(number, &ciphertext.key_version) || ciphertext.key_version == 0 ||
      absl::StrCat(ciphertext.key_version) != number) {
    return std::nullopt;
  }
  std::optional<std::string> bytes = crypto::Base64Decode(text.substr(colon + 1));
  if (!bytes.has_value() || !IsBlobSize(bytes->size())) return std::nullopt;
  ciphertext.bytes = *std::move(bytes);
  return ciphertext;
}

}  // namespace

crypto::SensitiveString EncodeEncryptRequest(const crypto::SecretBytes& plaintext,
                                             const WrapContext& context) {
  const std::string associated_data = crypto::Base64Encode(context.ToJson());
  crypto::SensitiveString body;
  std::string& text = body.ExposeMutable();
  text.reserve(64 + crypto::Base64Size(plaintext.size()) + associated_data.size());
  absl::StrAppend(&text, R"({"plaintext":")");
  crypto::AppendBase64(plaintext.Expose(), text);
  absl::StrAppend(&text, R"(","associated_data":")", associated_data, R"("})");
  return body;
}

crypto::SensitiveString EncodeDecryptRequest(const TransitCiphertext& ciphertext,
                                             const WrapContext& context) {
  return crypto::SensitiveString(absl::StrCat(
      R"({"ciphertext":"vault:v)", ciphertext.key_version, ":", crypto::Base64Encode(ciphertext.bytes),
      R"(","associated_data":")", crypto::Base64Encode(context.ToJson()), R"("})"));
}

absl::StatusOr<TransitCiphertext> DecodeEncryptAnswer(absl::string_view operation, absl::string_view body) {
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body);
  if (!object.ok()) return VaultMalformedStatus(operation);
  const nlohmann::json* const data = JsonObject(*object, "data");
  if (data == nullptr) return VaultMalformedStatus(operation);
  std::optional<TransitCiphertext> ciphertext = ParseCiphertext(JsonString(*data, "ciphertext").value_or(""));
  if (!ciphertext.has_value()) return VaultMalformedStatus(operation);
  // Old servers do not name the version beside the ciphertext; where they do, both must agree.
  const std::optional<int64_t> named = JsonInteger(*data, "key_version");
  if (named.has_value() && *named != ciphertext->key_version) return VaultMalformedStatus(operation);
  return *std::move(ciphertext);
}

absl::StatusOr<crypto::SecretBytes> DecodeDecryptAnswer(absl::string_view operation,
                                                        crypto::SensitiveString& body) {
  // Whole and unambiguous is enough: the record's MAC proves what the plaintext is.
  absl::StatusOr<crypto::SensitiveString> text = TakeJsonSecret(body, "plaintext");
  if (!text.ok() || !IsClosedJsonObject(body.Expose())) return VaultMalformedStatus(operation);
  const std::optional<size_t> size = crypto::Base64DecodedSize(text->Expose());
  if (!size.has_value()) return VaultMalformedStatus(operation);
  if (*size != kTransitPlaintextBytes) {
    return WithFailureClass(
        absl::DataLossError(absl::StrCat(operation, ": the plaintext has ", *size, " bytes")),
        FailureClass::kBadBlob);
  }
  SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes plaintext, crypto::SecretBytes::Create(*size));
  if (!crypto::Base64Decode(text->Expose(), plaintext.ExposeMutable())) {
    return VaultMalformedStatus(operation);
  }
  return plaintext;
}

std::string EncodeBackendField(uint32_t key_version) {
  std::string field;
  ByteWriter(field).WriteU32(key_version);
  return field;
}

absl::StatusOr<TransitCiphertext> DecodeRecordEntry(absl::string_view backend_field, absl::string_view blob) {
  ByteReader reader(backend_field);
  TransitCiphertext ciphertext;
  if (!reader.ReadU32(ciphertext.key_version) || !reader.empty() || ciphertext.key_version == 0) {
    return BadBlob("the backend field is no key version");
  }
  if (!IsBlobSize(blob.size())) return BadBlob("the blob has the wrong size");
  ciphertext.bytes = std::string(blob);
  return ciphertext;
}

}  // namespace signet::kms

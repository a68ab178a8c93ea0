#include "kms_client/alibaba/alibaba_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/base64.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/failure_class.h"
#include "kms_client/fingerprint.h"
#include "kms_client/json_body.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kKmsVersion = "2016-01-20";
constexpr size_t kMaxIdBytes = 128;
constexpr size_t kMaxArnBytes = 256;
// What a record takes; and less than this cannot hold 32 encrypted bytes.
constexpr size_t kMaxBlobBytes = 3000;
constexpr size_t kMinBlobBytes = 44;
// The most that one page holds; a key has 50 versions at most.
constexpr char kPageSize[] = "100";

bool IsText(absl::string_view text, size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
}

bool IsBlob(absl::string_view blob) { return blob.size() >= kMinBlobBytes && IsText(blob, kMaxBlobBytes); }

// The member, where it is text without blanks.
std::optional<std::string> Text(const nlohmann::json& object, absl::string_view name, size_t most) {
  std::optional<std::string> text = JsonString(object, name);
  return text.has_value() && IsText(*text, most) ? text : std::nullopt;
}

AlibabaRequest MakeRequest(absl::string_view action) {
  AlibabaRequest request;
  request.action = std::string(action);
  request.api_version = kKmsVersion;
  return request;
}

}  // namespace

AlibabaRequest EncodeAlibabaEncrypt(absl::string_view key_id, const crypto::SecretBytes& plaintext,
                                    const WrapContext& context) {
  AlibabaRequest request = MakeRequest("Encrypt");
  request.parameters["KeyId"] = std::string(key_id);
  std::string& text = request.parameters["Plaintext"];
  text.reserve(crypto::Base64Size(plaintext.size()));
  crypto::AppendBase64(plaintext.Expose(), text);
  request.parameters["EncryptionContext"] = context.ToJson();
  return request;
}

AlibabaRequest EncodeAlibabaDecrypt(absl::string_view blob, const WrapContext& context) {
  AlibabaRequest request = MakeRequest("Decrypt");
  request.parameters["CiphertextBlob"] = std::string(blob);
  request.parameters["EncryptionContext"] = context.ToJson();
  return request;
}

AlibabaRequest EncodeAlibabaKeyRequest(absl::string_view action, absl::string_view key_id) {
  AlibabaRequest request = MakeRequest(action);
  request.parameters["KeyId"] = std::string(key_id);
  if (action == "ListKeyVersions") request.parameters["PageSize"] = kPageSize;
  request.may_repeat = action != "CreateKeyVersion";
  return request;
}

absl::StatusOr<AlibabaCiphertext> DecodeAlibabaCiphertext(absl::string_view operation,
                                                          absl::string_view body) {
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body);
  if (!object.ok()) return AlibabaMalformedStatus(operation);
  std::optional<std::string> key_id = Text(*object, "KeyId", kMaxIdBytes);
  std::optional<std::string> version = Text(*object, "KeyVersionId", kMaxIdBytes);
  std::optional<std::string> blob = JsonString(*object, "CiphertextBlob");
  if (!key_id || !version || !blob || !IsBlob(*blob)) return AlibabaMalformedStatus(operation);
  return AlibabaCiphertext{*std::move(key_id), *std::move(version), *std::move(blob)};
}

absl::StatusOr<AlibabaPlaintext> DecodeAlibabaPlaintext(absl::string_view operation,
                                                        crypto::SensitiveString& body) {
  const absl::StatusOr<crypto::SensitiveString> text = TakeJsonSecret(body, "Plaintext");
  if (!text.ok()) return AlibabaMalformedStatus(operation);
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body.Expose());
  if (!object.ok()) return AlibabaMalformedStatus(operation);
  std::optional<std::string> key_id = Text(*object, "KeyId", kMaxIdBytes);
  std::optional<std::string> version = Text(*object, "KeyVersionId", kMaxIdBytes);
  const std::optional<size_t> size = crypto::Base64DecodedSize(text->Expose());
  if (!key_id || !version || !size) return AlibabaMalformedStatus(operation);
  if (*size != kAlibabaPlaintextBytes) {
    return WithFailureClass(
        absl::DataLossError(absl::StrCat(operation, ": the plaintext has ", *size, " bytes")),
        FailureClass::kBadBlob);
  }
  SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes bytes, crypto::SecretBytes::Create(*size));
  if (!crypto::Base64Decode(text->Expose(), bytes.ExposeMutable())) return AlibabaMalformedStatus(operation);
  return AlibabaPlaintext{*std::move(key_id), *std::move(version), std::move(bytes)};
}

absl::StatusOr<AlibabaKey> DecodeAlibabaKey(absl::string_view operation, absl::string_view body) {
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body);
  const nlohmann::json* const metadata = object.ok() ? JsonObject(*object, "KeyMetadata") : nullptr;
  if (metadata == nullptr) return AlibabaMalformedStatus(operation);
  std::optional<std::string> state = Text(*metadata, "KeyState", kMaxIdBytes);
  if (!state.has_value()) return AlibabaMalformedStatus(operation);
  return AlibabaKey{Text(*metadata, "Arn", kMaxArnBytes).value_or(""), *std::move(state),
                    Text(*metadata, "PrimaryKeyVersion", kMaxIdBytes).value_or("")};
}

absl::StatusOr<std::optional<std::vector<std::string>>> DecodeAlibabaVersions(absl::string_view operation,
                                                                              absl::string_view body) {
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(body);
  const nlohmann::json* const outer = object.ok() ? JsonObject(*object, "KeyVersions") : nullptr;
  const std::optional<int64_t> total = object.ok() ? JsonInteger(*object, "TotalCount") : std::nullopt;
  if (outer == nullptr || !total.has_value()) return AlibabaMalformedStatus(operation);
  const auto list = outer->find("KeyVersion");
  if (list == outer->end() || !list->is_array()) return AlibabaMalformedStatus(operation);
  std::vector<std::string> versions;
  for (const nlohmann::json& version : *list) {
    std::optional<std::string> id = Text(version, "KeyVersionId", kMaxIdBytes);
    if (!id.has_value()) return AlibabaMalformedStatus(operation);
    versions.push_back(*std::move(id));
  }
  if (static_cast<int64_t>(versions.size()) != *total) return std::optional<std::vector<std::string>>();
  return std::make_optional(std::move(versions));
}

absl::Status CheckAlibabaEntry(absl::string_view backend_field, absl::string_view blob) {
  if (backend_field.empty() && IsBlob(blob)) return absl::OkStatus();
  return WithFailureClass(absl::InvalidArgumentError("the blob is no ciphertext of Alibaba Cloud KMS"),
                          FailureClass::kBadBlob);
}

RemoteVersion AlibabaVersion(const std::string& key_version_id) {
  return {ShortVersionHash(key_version_id), key_version_id, std::nullopt};
}

}  // namespace signet::kms

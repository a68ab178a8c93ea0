// Requests to and answers from Alibaba Cloud KMS, and what of them stands in a record. Hostile input: every
// answer and every record entry is checked. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CODEC_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CODEC_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/secret_bytes.h"
#include "crypto/sensitive_string.h"
#include "kms_client/alibaba/alibaba_rpc.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

inline constexpr size_t kAlibabaPlaintextBytes = 32;

struct AlibabaCiphertext {
  std::string key_id;
  std::string key_version_id;
  std::string blob;  // text, as the vendor gave it
};

struct AlibabaPlaintext {
  std::string key_id;
  std::string key_version_id;
  crypto::SecretBytes bytes;
};

struct AlibabaKey {
  std::string arn;                  // may be empty
  std::string state;                // "Enabled"
  std::string primary_key_version;  // empty where the key has no versions that are told
};

AlibabaRequest EncodeAlibabaEncrypt(absl::string_view key_id, const crypto::SecretBytes& plaintext,
                                    const WrapContext& context);
AlibabaRequest EncodeAlibabaDecrypt(absl::string_view blob, const WrapContext& context);
// DescribeKey, ListKeyVersions, CreateKeyVersion.
AlibabaRequest EncodeAlibabaKeyRequest(absl::string_view action, absl::string_view key_id);

// UNAVAILABLE, class unreachable: not what was asked for. Texts are in `operation`'s name.
absl::StatusOr<AlibabaCiphertext> DecodeAlibabaCiphertext(absl::string_view operation,
                                                          absl::string_view body);
// DATA_LOSS, class bad blob: a plaintext that is not 32 bytes. The plaintext is cut out of `body`.
absl::StatusOr<AlibabaPlaintext> DecodeAlibabaPlaintext(absl::string_view operation,
                                                        crypto::SensitiveString& body);
absl::StatusOr<AlibabaKey> DecodeAlibabaKey(absl::string_view operation, absl::string_view body);
// All version ids where the answer holds them all, else nullopt.
absl::StatusOr<std::optional<std::vector<std::string>>> DecodeAlibabaVersions(absl::string_view operation,
                                                                              absl::string_view body);

// INVALID_ARGUMENT, class bad blob: no text that Encrypt could have given us.
absl::Status CheckAlibabaEntry(absl::string_view backend_field, absl::string_view blob);

// As it stands in a key_id.
RemoteVersion AlibabaVersion(const std::string& key_version_id);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CODEC_H_

#include "kms_client/alibaba/rpc_signer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/base64.h"
#include "crypto/digest.h"

namespace signet::kms {

absl::StatusOr<std::string> SignRpc(absl::string_view method, const AlibabaParameters& parameters,
                                    const crypto::SensitiveString& access_key_secret) {
  const crypto::SensitiveString query(CanonicalQuery(parameters));
  crypto::SensitiveString encoded;
  encoded.ExposeMutable().reserve(3 * query.size());
  AppendPercentEncoded(query.Expose(), encoded.ExposeMutable());
  crypto::SensitiveString key;
  key.ExposeMutable().reserve(access_key_secret.size() + 1);
  absl::StrAppend(&key.ExposeMutable(), access_key_secret.Expose(), "&");
  const absl::string_view key_text = key.Expose();
  SIGNET_ASSIGN_OR_RETURN(
      const crypto::Sha1Digest signature,
      crypto::HmacSha1(
          absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(key_text.data()), key_text.size()),
          {method, "&%2F&", encoded.Expose()}));
  std::string text;
  crypto::AppendBase64(signature, text);
  return text;
}

}  // namespace signet::kms

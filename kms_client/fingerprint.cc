#include "kms_client/fingerprint.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "base/byte_io.h"
#include "crypto/digest.h"

namespace signet::kms {

crypto::Fingerprint ShortDigest(absl::string_view domain, const std::vector<absl::string_view>& inputs) {
  std::string bytes(domain);
  bytes.push_back('\0');
  ByteWriter writer(bytes);
  for (const absl::string_view input : inputs) {
    if (!writer.WriteU16Prefixed(input)) std::abort();
  }
  const crypto::Sha256Digest digest = crypto::Sha256(bytes);
  crypto::Fingerprint result;
  std::copy_n(digest.begin(), result.size(), result.begin());
  return result;
}

crypto::Fingerprint ComputeFingerprint(crypto::ProviderType type,
                                       const std::vector<absl::string_view>& inputs) {
  std::vector<absl::string_view> all = {ProviderTypeName(type)};
  all.insert(all.end(), inputs.begin(), inputs.end());
  return ShortDigest("signet/v1/fingerprint", all);
}

absl::string_view ProviderTypeName(crypto::ProviderType type) {
  switch (type) {
    case crypto::ProviderType::kLocal:
      return "local";
    case crypto::ProviderType::kVault:
      return "vault";
    case crypto::ProviderType::kAlibaba:
      return "alibaba";
    case crypto::ProviderType::kAws:
      return "aws";
    case crypto::ProviderType::kGcp:
      return "gcp";
    case crypto::ProviderType::kAzure:
      return "azure";
    case crypto::ProviderType::kPkcs11:
      return "pkcs11";
  }
  return "unknown";
}

std::string ShortVersionHash(absl::string_view vendor_version) {
  const crypto::Sha256Digest digest = crypto::Sha256(vendor_version);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), 8));
}

}  // namespace signet::kms

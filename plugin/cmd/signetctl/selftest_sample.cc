#include "plugin/cmd/signetctl/selftest_sample.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet::ctl {
namespace {

std::string DigestOf(absl::string_view plaintext) {
  const crypto::Sha256Digest digest = crypto::Sha256(plaintext);
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

}  // namespace

std::string MakeSample(absl::string_view plaintext, const v2::DecryptRequest& request) {
  return absl::StrCat(DigestOf(plaintext), request.SerializeAsString());
}

absl::StatusOr<std::string> CheckSample(absl::string_view sample, KmsConnection& connection,
                                        absl::Duration timeout) {
  constexpr size_t kDigestBytes = sizeof(crypto::Sha256Digest);
  v2::DecryptRequest request;
  if (sample.size() <= kDigestBytes || sample.size() > kMaxSampleBytes ||
      !request.ParseFromArray(sample.data() + kDigestBytes, static_cast<int>(sample.size() - kDigestBytes)) ||
      request.ciphertext().empty()) {
    return absl::InvalidArgumentError("not a sample that signetctl selftest --keep wrote");
  }
  SIGNET_ASSIGN_OR_RETURN(const v2::DecryptResponse response, connection.Decrypt(request, timeout));
  if (DigestOf(response.plaintext()) != sample.substr(0, kDigestBytes)) {
    return absl::DataLossError("OTHER BYTES CAME BACK");
  }
  return request.key_id();
}

}  // namespace signet::ctl

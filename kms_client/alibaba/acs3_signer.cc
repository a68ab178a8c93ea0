#include "kms_client/alibaba/acs3_signer.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kAlgorithm = "ACS3-HMAC-SHA256";

std::string Hex(const crypto::Sha256Digest& digest) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string SignedHeaders(const Acs3Request& request) {
  return absl::StrJoin(request.headers, ";",
                       [](std::string* out, const auto& header) { out->append(header.first); });
}

}  // namespace

std::string Acs3ContentHash(absl::string_view body) { return Hex(crypto::Sha256(body)); }

std::string Acs3CanonicalRequestHash(const Acs3Request& request) {
  // Sized once and wiped, for a security token is among them.
  size_t size = 0;
  for (const auto& [name, value] : request.headers) size += name.size() + value.size() + 2;
  crypto::SensitiveString headers;
  headers.ExposeMutable().reserve(size);
  for (const auto& [name, value] : request.headers) {
    absl::StrAppend(&headers.ExposeMutable(), name, ":", value, "\n");
  }
  // The parts are hashed one by one, for the query may hold a plaintext. What comes last is longer than the
  // block that the hash keeps.
  return Hex(crypto::Sha256({request.method, "\n/\n", request.canonical_query, "\n", headers.Expose(), "\n",
                             SignedHeaders(request), "\n", Acs3ContentHash(request.body)}));
}

absl::StatusOr<std::string> SignAcs3(const Acs3Request& request, absl::string_view access_key_id,
                                     const crypto::SensitiveString& access_key_secret) {
  const absl::string_view secret = access_key_secret.Expose();
  SIGNET_ASSIGN_OR_RETURN(
      const crypto::Sha256Digest signature,
      crypto::HmacSha256(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(secret.data()), secret.size()),
                         {kAlgorithm, "\n", Acs3CanonicalRequestHash(request)}));
  return absl::StrCat(kAlgorithm, " Credential=", access_key_id, ",SignedHeaders=", SignedHeaders(request),
                      ",Signature=", Hex(signature));
}

}  // namespace signet::kms

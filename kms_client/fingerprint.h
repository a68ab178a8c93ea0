// Fingerprint and lineage: 8 bytes of SHA-256 over a domain string and u16-length-prefixed inputs.
// Stored in every record and key_id: never change what goes in. Thread-safe; nothing blocks.
#ifndef SIGNET_KMS_CLIENT_FINGERPRINT_H_
#define SIGNET_KMS_CLIENT_FINGERPRINT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "crypto/record.h"

namespace signet::kms {

// First 8 bytes of SHA-256(domain ‖ 0x00 ‖ for each input: u16 length ‖ bytes). An input longer than 65,535
// bytes is a programming error.
crypto::Fingerprint ShortDigest(absl::string_view domain, const std::vector<absl::string_view>& inputs);

// Names a remote key: domain `signet/v1/fingerprint`, inputs the type's name and `inputs`.
crypto::Fingerprint ComputeFingerprint(crypto::ProviderType type,
                                       const std::vector<absl::string_view>& inputs);

// "local", "vault", …; "unknown" for a byte that names no type.
absl::string_view ProviderTypeName(crypto::ProviderType type);

// First 16 hex digits of SHA-256 of a vendor's version string: the label of versions without a number.
std::string ShortVersionHash(absl::string_view vendor_version);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_FINGERPRINT_H_

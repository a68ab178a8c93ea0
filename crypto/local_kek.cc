#include "crypto/local_kek.h"

#include <cstdint>
#include <utility>

#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet::crypto {
namespace {

constexpr absl::string_view kWrapInfo = "signet/v1/wrap";
constexpr absl::string_view kRecordInfo = "signet/v1/record";
constexpr absl::string_view kMacDomain("signet/v1/record-mac\0", 21);

// HMAC-SHA256(record key, domain ‖ 0x00 ‖ record bytes before the MAC ‖ u8 length ‖ cluster_id), cut to 16.
absl::StatusOr<std::string> RecordMac(const SecretBytes& record_key, absl::string_view record_without_mac,
                                      absl::string_view cluster_id) {
  if (cluster_id.empty() || cluster_id.size() > 64) {
    return absl::InvalidArgumentError("cluster_id must be 1 to 64 bytes");
  }
  const char length = static_cast<char>(cluster_id.size());
  SIGNET_ASSIGN_OR_RETURN(const Sha256Digest mac,
                          HmacSha256(record_key.Expose(), {kMacDomain, record_without_mac,
                                                           absl::string_view(&length, 1), cluster_id}));
  return std::string(reinterpret_cast<const char*>(mac.data()), kRecordMacBytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const LocalKek>> LocalKek::Derive(const SecretBytes& kek) {
  if (kek.size() != kLocalKekBytes) return absl::InvalidArgumentError("local KEK must be 32 bytes");
  SIGNET_ASSIGN_OR_RETURN(SecretBytes wrap_key, HkdfSha256(kek.Expose(), "", kWrapInfo, kLocalKekBytes));
  SIGNET_ASSIGN_OR_RETURN(SecretBytes record_key, HkdfSha256(kek.Expose(), "", kRecordInfo, kLocalKekBytes));
  return std::unique_ptr<const LocalKek>(new LocalKek(std::move(wrap_key), std::move(record_key)));
}

absl::StatusOr<std::string> LocalKek::FinishRecord(const Record& record, absl::string_view cluster_id) const {
  SIGNET_ASSIGN_OR_RETURN(std::string bytes, EncodeRecordWithoutMac(record));
  SIGNET_ASSIGN_OR_RETURN(const std::string mac, RecordMac(record_key_, bytes, cluster_id));
  return bytes + mac;
}

absl::Status LocalKek::VerifyRecord(absl::string_view record_bytes, absl::string_view cluster_id) const {
  if (record_bytes.size() < kRecordMacBytes) return absl::InvalidArgumentError("record: truncated");
  const absl::string_view body = record_bytes.substr(0, record_bytes.size() - kRecordMacBytes);
  SIGNET_ASSIGN_OR_RETURN(const std::string mac, RecordMac(record_key_, body, cluster_id));
  if (!ConstantTimeEqual(mac, record_bytes.substr(body.size()))) {
    return absl::DataLossError("record: authentication failed");
  }
  return absl::OkStatus();
}

absl::StatusOr<SecretBytes> GenerateLocalKek(RandomSource& random) {
  SIGNET_ASSIGN_OR_RETURN(SecretBytes kek, SecretBytes::Create(kLocalKekBytes));
  SIGNET_RETURN_IF_ERROR(random.Fill(kek.ExposeMutable()));
  return kek;
}

}  // namespace signet::crypto

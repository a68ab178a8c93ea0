#include "crypto/record.h"

#include <algorithm>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet::crypto {
namespace {

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

bool ParseEntry(ByteReader& reader, RecordEntry& entry) {
  absl::string_view fingerprint, field, blob;
  if (!reader.ReadU8(entry.provider_type) || !reader.ReadBytes(kFingerprintBytes, fingerprint) ||
      !reader.ReadU8Prefixed(field) || !reader.ReadU16Prefixed(blob)) {
    return false;
  }
  std::copy(fingerprint.begin(), fingerprint.end(), entry.fingerprint.begin());
  entry.backend_field.assign(field.data(), field.size());
  entry.blob.assign(blob.data(), blob.size());
  return true;
}

}  // namespace

absl::StatusOr<std::string> EncodeRecordWithoutMac(const Record& record) {
  if (record.key_id.empty() || record.key_id.size() > kMaxKeyIdBytes) {
    return Malformed("record: key_id must be 1 to 64 bytes");
  }
  if (record.entries.empty() || record.entries.size() > kMaxRecordEntries) {
    return Malformed("record: must have 1 to 4 entries");
  }
  std::string bytes;
  ByteWriter writer(bytes);
  writer.WriteU8(kRecordFormat);
  bool fits = writer.WriteU8Prefixed(record.key_id);
  writer.WriteU64(record.created_unix_seconds);
  writer.WriteU8(static_cast<uint8_t>(record.entries.size()));
  for (const RecordEntry& entry : record.entries) {
    writer.WriteU8(entry.provider_type);
    writer.WriteBytes({reinterpret_cast<const char*>(entry.fingerprint.data()), entry.fingerprint.size()});
    fits = fits && writer.WriteU8Prefixed(entry.backend_field) && writer.WriteU16Prefixed(entry.blob);
  }
  if (!fits || bytes.size() + kRecordMacBytes > kMaxRecordBytesWritten) {
    return Malformed("record: too long");
  }
  return bytes;
}

absl::StatusOr<Record> ParseRecord(absl::string_view bytes) {
  if (bytes.size() > kMaxRecordBytesRead) return Malformed("record: too long");
  ByteReader reader(bytes);
  uint8_t format = 0;
  if (!reader.ReadU8(format)) return Malformed("record: empty");
  if (format != kRecordFormat) return Malformed("record: unknown format");
  Record record;
  absl::string_view key_id;
  uint8_t entries = 0;
  if (!reader.ReadU8Prefixed(key_id) || !reader.ReadU64(record.created_unix_seconds) ||
      !reader.ReadU8(entries)) {
    return Malformed("record: truncated");
  }
  if (key_id.empty()) return Malformed("record: empty key_id");
  if (entries == 0 || entries > kMaxRecordEntries) return Malformed("record: must have 1 to 4 entries");
  record.key_id.assign(key_id.data(), key_id.size());
  record.entries.resize(entries);
  for (RecordEntry& entry : record.entries) {
    if (!ParseEntry(reader, entry)) return Malformed("record: truncated");
  }
  absl::string_view mac;
  if (!reader.ReadBytes(kRecordMacBytes, mac)) return Malformed("record: truncated");
  if (!reader.empty()) return Malformed("record: trailing bytes");
  std::copy(mac.begin(), mac.end(), record.mac.begin());
  return record;
}

LocalKekId ComputeLocalKekId(absl::string_view record_bytes) {
  const Sha256Digest digest = Sha256(record_bytes);
  LocalKekId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

}  // namespace signet::crypto

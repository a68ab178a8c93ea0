// The record: a local KEK wrapped by one to four remote keys, with its metadata, as it stands in the
// annotation `kek.signet.internal` of every object. Layout: ENVELOPE_FORMAT.md, "Record".
//
// Everything here parses hostile bytes. Thread-safe (pure functions, immutable values); nothing blocks.
#ifndef SIGNET_CRYPTO_RECORD_H_
#define SIGNET_CRYPTO_RECORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signet::crypto {

inline constexpr absl::string_view kRecordAnnotation = "kek.signet.internal";
inline constexpr uint8_t kRecordFormat = 1;
inline constexpr size_t kMaxRecordBytesWritten = 4096;
inline constexpr size_t kMaxRecordBytesRead = 32768;
inline constexpr size_t kMaxRecordEntries = 4;
inline constexpr size_t kFingerprintBytes = 8;
inline constexpr size_t kRecordMacBytes = 16;
inline constexpr size_t kLocalKekIdBytes = 16;
// kube-apiserver allows 1,024; ours are at most 64, and one length byte must hold them.
inline constexpr size_t kMaxKeyIdBytes = 64;

using Fingerprint = std::array<uint8_t, kFingerprintBytes>;
using LocalKekId = std::array<uint8_t, kLocalKekIdBytes>;

// Stored in every record entry: never renumber.
enum class ProviderType : uint8_t {
  kLocal = 1,
  kVault = 2,
  kAlibaba = 3,
  kAws = 4,
  kGcp = 5,
  kAzure = 6,
  kPkcs11 = 7,
};

struct RecordEntry {
  // Any byte value can be read; one that names no configured provider is skipped by the reader.
  uint8_t provider_type = 0;
  Fingerprint fingerprint{};
  std::string backend_field;  // at most 255 bytes, opaque to everyone but the backend
  std::string blob;           // at most 65,535 bytes

  friend bool operator==(const RecordEntry&, const RecordEntry&) = default;
};

struct Record {
  std::string key_id;  // 1 to 255 bytes as read
  uint64_t created_unix_seconds = 0;
  std::vector<RecordEntry> entries;  // 1 to 4
  std::array<uint8_t, kRecordMacBytes> mac{};
};

// All but the MAC: what the MAC is computed over. INVALID_ARGUMENT: a field is out of its bounds or the
// whole, MAC included, would exceed kMaxRecordBytesWritten.
absl::StatusOr<std::string> EncodeRecordWithoutMac(const Record& record);

// Strict: exact format byte, bounds, no trailing bytes. INVALID_ARGUMENT otherwise.
absl::StatusOr<Record> ParseRecord(absl::string_view bytes);

// First 16 bytes of SHA-256 over the annotation value exactly as received.
LocalKekId ComputeLocalKekId(absl::string_view record_bytes);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_RECORD_H_

// ParseRecord on hostile bytes: as they come, behind a good format byte, and as the content of a record with
// a good MAC. What is read is written back as the same bytes, and no MAC is right but the one that was
// computed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "crypto/local_kek.h"
#include "crypto/record.h"
#include "crypto/secure_heap.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/testing/counting_random.h"

namespace signet::crypto {
namespace {

constexpr absl::string_view kClusterId = "fuzz";

const LocalKek& Kek() {
  static const LocalKek* const kek = [] {
    if (const absl::Status heap = InitializeSecureHeap(); !heap.ok() && !absl::IsFailedPrecondition(heap)) {
      std::abort();
    }
    testing::CountingRandom random(0x77);
    absl::StatusOr<std::unique_ptr<const LocalKek>> derived = LocalKek::Derive(*GenerateLocalKek(random));
    return std::move(*derived).release();
  }();
  return *kek;
}

std::string MacOf(const Record& record) { return std::string(record.mac.begin(), record.mac.end()); }

// There is one way to write a record: reading and writing give the same bytes again.
void CheckWrittenBack(const Record& record, absl::string_view bytes) {
  const absl::StatusOr<std::string> body = EncodeRecordWithoutMac(record);
  const bool may_be_written =
      record.key_id.size() <= kMaxKeyIdBytes && bytes.size() <= kMaxRecordBytesWritten;
  FUZZ_CHECK(body.ok() == may_be_written);
  if (body.ok()) FUZZ_CHECK(*body + MacOf(record) == bytes);
}

void CheckParse(absl::string_view bytes) {
  const absl::StatusOr<Record> record = ParseRecord(bytes);
  if (!record.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(record.status()));
    return;
  }
  FUZZ_CHECK(bytes.size() <= kMaxRecordBytesRead);
  FUZZ_CHECK(!record->key_id.empty());
  FUZZ_CHECK(!record->entries.empty() && record->entries.size() <= kMaxRecordEntries);
  CheckWrittenBack(*record, bytes);

  // The same content with a good MAC.
  const absl::StatusOr<std::string> finished = Kek().FinishRecord(*record, kClusterId);
  if (!finished.ok()) return;
  FUZZ_CHECK(Kek().VerifyRecord(*finished, kClusterId).ok());
  FUZZ_CHECK(absl::IsDataLoss(Kek().VerifyRecord(*finished, "other")));
  const absl::StatusOr<Record> again = ParseRecord(*finished);
  FUZZ_CHECK(again.ok() && again->key_id == record->key_id && again->entries == record->entries &&
             again->created_unix_seconds == record->created_unix_seconds);
  FUZZ_CHECK(Kek().VerifyRecord(bytes, kClusterId).ok() == (bytes == *finished));
}

int TestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  CheckParse(bytes);
  if (bytes.empty()) return 0;
  bytes[0] = static_cast<char>(kRecordFormat);
  CheckParse(bytes);
  // With a key_id, and a number of entries that is in range, wherever its length leads.
  if (bytes.size() < 2) return 0;
  const size_t key_id_size = 1 + static_cast<uint8_t>(bytes[1]) % kMaxKeyIdBytes;
  bytes[1] = static_cast<char>(key_id_size);
  const size_t entries = 2 + key_id_size + 8;
  if (bytes.size() <= entries) return 0;
  bytes[entries] = static_cast<char>(1 + static_cast<uint8_t>(bytes[entries]) % kMaxRecordEntries);
  CheckParse(bytes);
  return 0;
}

}  // namespace
}  // namespace signet::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return signet::crypto::TestOneInput(data, size);
}

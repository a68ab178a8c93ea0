#include "plugin/hierarchy/journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "plugin/hierarchy/framed_file.h"

namespace signet {
namespace {

constexpr absl::string_view kMagic = "SGNTJRNL";
constexpr uint32_t kFormat = 1;
constexpr size_t kMaxFrameBytes = 64;
constexpr size_t kMaxEntryBytes = 2 + crypto::kMaxRecordBytesWritten;

}  // namespace

std::string EncodeJournal(const std::vector<std::string>& records) {
  std::string body;
  ByteWriter writer(body);
  std::string entries;
  ByteWriter entry_writer(entries);
  uint32_t count = 0;
  for (const std::string& record : records) {
    if (entry_writer.WriteU16Prefixed(record)) ++count;
  }
  writer.WriteU32(count);
  writer.WriteBytes(entries);
  return FrameFile(kMagic, kFormat, body);
}

absl::StatusOr<std::vector<std::string>> DecodeJournal(absl::string_view bytes) {
  SIGNET_ASSIGN_OR_RETURN(const UnframedFile file, UnframeFile(kMagic, kFormat, bytes));
  ByteReader reader(file.body);
  uint32_t count = 0;
  if (!reader.ReadU32(count) || count > kMaxJournalRecords) return absl::DataLossError("malformed");
  std::vector<std::string> records;
  for (uint32_t i = 0; i < count; ++i) {
    absl::string_view record;
    if (!reader.ReadU16Prefixed(record)) return absl::DataLossError("truncated");
    if (record.size() > crypto::kMaxRecordBytesWritten || !crypto::ParseRecord(record).ok()) {
      return absl::DataLossError("malformed record");
    }
    records.emplace_back(record);
  }
  if (!reader.empty()) return absl::DataLossError("trailing bytes");
  return records;
}

Journal::Journal(std::string path, size_t capacity, DurableFiles& files)
    : path_(std::move(path)), capacity_(capacity), files_(files) {}

absl::Status Journal::Load() {
  const absl::StatusOr<std::string> bytes =
      files_.Read(path_, {kMaxFrameBytes + kMaxJournalRecords * kMaxEntryBytes, /*must_be_private=*/true});
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<std::vector<std::string>> records = DecodeJournal(*bytes);
  if (!records.ok()) {
    return absl::Status(records.status().code(), absl::StrCat(path_, ": ", records.status().message()));
  }
  for (const std::string& record : *records) Add(crypto::ComputeLocalKekId(record), record);
  MutexLock lock(mutex_);
  written_version_ = version_;
  return absl::OkStatus();
}

void Journal::Add(const crypto::LocalKekId& id, absl::string_view record) {
  if (record.empty() || record.size() > crypto::kMaxRecordBytesWritten) return;
  MutexLock lock(mutex_);
  if (const auto known = by_id_.find(id); known != by_id_.end()) {
    if (std::next(known->second) == entries_.end()) return;
    entries_.splice(entries_.end(), entries_, known->second);
  } else {
    by_id_[id] = entries_.insert(entries_.end(), Entry{id, std::string(record)});
    if (entries_.size() > capacity_) {
      by_id_.erase(entries_.front().id);
      entries_.pop_front();
    }
  }
  ++version_;
}

bool Journal::Contains(const crypto::LocalKekId& id) const {
  MutexLock lock(mutex_);
  return by_id_.contains(id);
}

std::vector<std::string> Journal::NewestFirst() const {
  MutexLock lock(mutex_);
  std::vector<std::string> records;
  records.reserve(entries_.size());
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) records.push_back(entry->record);
  return records;
}

size_t Journal::size() const {
  MutexLock lock(mutex_);
  return entries_.size();
}

absl::Status Journal::WriteIfChanged() {
  std::vector<std::string> records;
  uint64_t version = 0;
  {
    MutexLock lock(mutex_);
    if (version_ == written_version_) return absl::OkStatus();
    version = version_;
    records.reserve(entries_.size());
    for (const Entry& entry : entries_) records.push_back(entry.record);
  }
  SIGNET_RETURN_IF_ERROR(files_.Replace(path_, EncodeJournal(records), 0600));
  MutexLock lock(mutex_);
  written_version_ = version;
  return absl::OkStatus();
}

}  // namespace signet

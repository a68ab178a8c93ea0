#include "plugin/hierarchy/state_format.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "crypto/record.h"
#include "plugin/hierarchy/framed_file.h"

namespace signet {
namespace {

constexpr absl::string_view kMagic = "SGNTSTAT";
constexpr uint32_t kFormat = 1;

// In the order in which they stand in the file.
constexpr uint16_t kHistorySection = 1;
constexpr uint16_t kRecordSection = 2;
constexpr uint16_t kClockSection = 3;

uint64_t ToMillis(absl::Time time) {
  return static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixMillis(time), 0));
}
uint64_t ToMillis(absl::Duration duration) {
  return static_cast<uint64_t>(std::max<int64_t>(absl::ToInt64Milliseconds(duration), 0));
}

bool ReadMillis(ByteReader& reader, int64_t& millis) {
  uint64_t value = 0;
  // The bound keeps absl's conversions exact: 2^48 ms are 8,900 years.
  if (!reader.ReadU64(value) || value >= (uint64_t{1} << 48)) return false;
  millis = static_cast<int64_t>(value);
  return true;
}
bool ReadTime(ByteReader& reader, absl::Time& time) {
  int64_t millis = 0;
  if (!ReadMillis(reader, millis)) return false;
  time = absl::FromUnixMillis(millis);
  return true;
}

void WriteNumber(ByteWriter& writer, const std::optional<uint64_t>& number) {
  writer.WriteU8(number.has_value() ? 1 : 0);
  writer.WriteU64(number.value_or(0));
}
bool ReadNumber(ByteReader& reader, std::optional<uint64_t>& number) {
  uint8_t present = 0;
  uint64_t value = 0;
  if (!reader.ReadU8(present) || !reader.ReadU64(value) || present > 1 || (present == 0 && value != 0))
    return false;
  if (present == 1) number = value;
  return true;
}

bool WriteMark(ByteWriter& writer, const TimeMark& mark) {
  writer.WriteU64(ToMillis(mark.wall));
  writer.WriteU64(ToMillis(mark.boot_time));
  return !mark.boot_id.empty() && writer.WriteU8Prefixed(mark.boot_id);
}
bool ReadMark(ByteReader& reader, TimeMark& mark) {
  int64_t boot_millis = 0;
  absl::string_view boot_id;
  if (!ReadTime(reader, mark.wall) || !ReadMillis(reader, boot_millis) || !reader.ReadU8Prefixed(boot_id) ||
      boot_id.empty()) {
    return false;
  }
  mark.boot_time = absl::Milliseconds(boot_millis);
  mark.boot_id.assign(boot_id.data(), boot_id.size());
  return true;
}

bool WriteHistory(ByteWriter& writer, const KeyHistory& history) {
  if (history.entries().size() > KeyHistory::kMaxEntries) return false;
  writer.WriteU32(static_cast<uint32_t>(history.entries().size()));
  for (const AnnouncedKey& entry : history.entries()) {
    if (entry.key_id.empty() || entry.key_id.size() > crypto::kMaxKeyIdBytes) return false;
    if (!writer.WriteU8Prefixed(entry.key_id)) return false;
    writer.WriteU64(ToMillis(entry.first_announced));
    writer.WriteU8(entry.provider_type);
    writer.WriteBytes({reinterpret_cast<const char*>(entry.fingerprint.data()), entry.fingerprint.size()});
    writer.WriteU32(entry.generation);
    WriteNumber(writer, entry.number);
  }
  return true;
}
bool ReadHistory(ByteReader& reader, KeyHistory& history) {
  uint32_t count = 0;
  if (!reader.ReadU32(count) || count > KeyHistory::kMaxEntries) return false;
  std::vector<AnnouncedKey> entries(count);
  for (AnnouncedKey& entry : entries) {
    absl::string_view key_id, fingerprint;
    if (!reader.ReadU8Prefixed(key_id) || key_id.empty() || key_id.size() > crypto::kMaxKeyIdBytes ||
        !ReadTime(reader, entry.first_announced) || !reader.ReadU8(entry.provider_type) ||
        !reader.ReadBytes(crypto::kFingerprintBytes, fingerprint) || !reader.ReadU32(entry.generation) ||
        !ReadNumber(reader, entry.number)) {
      return false;
    }
    entry.key_id.assign(key_id.data(), key_id.size());
    std::copy(fingerprint.begin(), fingerprint.end(), entry.fingerprint.begin());
  }
  history = KeyHistory(std::move(entries));
  return true;
}

bool WriteRecord(ByteWriter& writer, const StoredRecord& record) {
  if (record.record.size() > crypto::kMaxRecordBytesWritten) return false;
  if (!writer.WriteU16Prefixed(record.record) || !writer.WriteU8Prefixed(record.version.label) ||
      !writer.WriteU16Prefixed(record.version.mark)) {
    return false;
  }
  WriteNumber(writer, record.version.number);
  writer.WriteU64(record.reserved_uses);
  return WriteMark(writer, record.created);
}
bool ReadRecord(ByteReader& reader, StoredRecord& record) {
  absl::string_view bytes, label, mark;
  if (!reader.ReadU16Prefixed(bytes) || bytes.size() > crypto::kMaxRecordBytesWritten ||
      !reader.ReadU8Prefixed(label) || !reader.ReadU16Prefixed(mark) ||
      !ReadNumber(reader, record.version.number) || !reader.ReadU64(record.reserved_uses) ||
      !ReadMark(reader, record.created)) {
    return false;
  }
  record.record.assign(bytes.data(), bytes.size());
  record.version.label.assign(label.data(), label.size());
  record.version.mark.assign(mark.data(), mark.size());
  return true;
}

bool WriteClock(ByteWriter& writer, const PersistentState& state) {
  writer.WriteU64(ToMillis(state.highest_wall_seen));
  writer.WriteU8(state.last_remote_success.has_value() ? 1 : 0);
  return !state.last_remote_success.has_value() || WriteMark(writer, *state.last_remote_success);
}
bool ReadClock(ByteReader& reader, PersistentState& state) {
  uint8_t present = 0;
  if (!ReadTime(reader, state.highest_wall_seen) || !reader.ReadU8(present) || present > 1) return false;
  return present == 0 || ReadMark(reader, state.last_remote_success.emplace());
}

void WriteSection(ByteWriter& writer, uint16_t id, absl::string_view bytes) {
  writer.WriteU16(id);
  writer.WriteU32(static_cast<uint32_t>(bytes.size()));
  writer.WriteBytes(bytes);
}

bool ReadSection(uint16_t id, absl::string_view bytes, PersistentState& state) {
  ByteReader reader(bytes);
  switch (id) {
    case kHistorySection:
      return ReadHistory(reader, state.history) && reader.empty();
    case kRecordSection:
      return ReadRecord(reader, state.record.emplace()) && reader.empty();
    case kClockSection:
      return ReadClock(reader, state) && reader.empty();
    default:
      state.unknown_sections.push_back(UnknownSection{id, std::string(bytes)});
      return true;
  }
}

}  // namespace

absl::StatusOr<std::string> EncodeState(const PersistentState& state) {
  std::string history, record, clock, body;
  ByteWriter history_writer(history), record_writer(record), clock_writer(clock), writer(body);
  if (!WriteHistory(history_writer, state.history) || !WriteClock(clock_writer, state) ||
      (state.record.has_value() && !WriteRecord(record_writer, *state.record))) {
    return absl::InvalidArgumentError("state: a field is out of its bounds");
  }
  WriteSection(writer, kHistorySection, history);
  if (state.record.has_value()) WriteSection(writer, kRecordSection, record);
  WriteSection(writer, kClockSection, clock);
  for (const UnknownSection& section : state.unknown_sections)
    WriteSection(writer, section.id, section.bytes);
  std::string file = FrameFile(kMagic, kFormat, body);
  if (file.size() > kMaxStateBytes) return absl::InvalidArgumentError("state: too long");
  return file;
}

absl::StatusOr<PersistentState> DecodeState(absl::string_view bytes) {
  if (bytes.size() > kMaxStateBytes) return absl::DataLossError("too long");
  SIGNET_ASSIGN_OR_RETURN(const absl::string_view body, UnframeFile(kMagic, kFormat, bytes));
  ByteReader reader(body);
  PersistentState state;
  uint16_t previous_id = 0;
  while (!reader.empty()) {
    uint16_t id = 0;
    uint32_t size = 0;
    absl::string_view section;
    if (!reader.ReadU16(id) || !reader.ReadU32(size) || !reader.ReadBytes(size, section)) {
      return absl::DataLossError("truncated section");
    }
    if (id <= previous_id) return absl::DataLossError("sections out of order");
    previous_id = id;
    if (!ReadSection(id, section, state)) return absl::DataLossError("malformed section");
  }
  return state;
}

}  // namespace signet

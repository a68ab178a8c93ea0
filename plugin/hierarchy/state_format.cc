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
constexpr uint32_t kFormat = 2;

// In the order in which they stand in the file.
constexpr uint16_t kHistorySection = 1;
constexpr uint16_t kRecordSection = 2;
constexpr uint16_t kClockSection = 3;
constexpr uint16_t kMovesSection = 4;  // since format 2
constexpr uint16_t kDegradedSection = 5;

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
  writer.WriteU64(ToMillis(mark.node_time));
  return !mark.boot_id.empty() && writer.WriteU8Prefixed(mark.boot_id);
}
bool ReadMark(ByteReader& reader, uint32_t format, TimeMark& mark) {
  int64_t boot_millis = 0;
  absl::string_view boot_id;
  if (!ReadTime(reader, mark.wall) || !ReadMillis(reader, boot_millis)) return false;
  mark.node_time = mark.wall;
  if (format >= 2 && !ReadTime(reader, mark.node_time)) return false;
  if (!reader.ReadU8Prefixed(boot_id) || boot_id.empty()) return false;
  mark.boot_time = absl::Milliseconds(boot_millis);
  mark.boot_id.assign(boot_id.data(), boot_id.size());
  return true;
}

void WriteKeyName(ByteWriter& writer, const RemoteKeyName& key) {
  writer.WriteU8(key.provider_type);
  writer.WriteBytes({reinterpret_cast<const char*>(key.fingerprint.data()), key.fingerprint.size()});
}
bool ReadFingerprint(ByteReader& reader, crypto::Fingerprint& fingerprint) {
  absl::string_view bytes;
  if (!reader.ReadBytes(crypto::kFingerprintBytes, bytes)) return false;
  std::copy(bytes.begin(), bytes.end(), fingerprint.begin());
  return true;
}
bool ReadKeyName(ByteReader& reader, RemoteKeyName& key) {
  return reader.ReadU8(key.provider_type) && ReadFingerprint(reader, key.fingerprint);
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
  if (!WriteMark(writer, record.created)) return false;
  if (record.wrap_set.size() > crypto::kMaxRecordEntries) return false;
  writer.WriteU8(static_cast<uint8_t>(record.wrap_set.size()));
  for (const RemoteKeyName& key : record.wrap_set) WriteKeyName(writer, key);
  return true;
}
// Format 1 knew no wrap-set but the record's own entries.
void SetWrapSetFromEntries(StoredRecord& record) {
  const absl::StatusOr<crypto::Record> parsed = crypto::ParseRecord(record.record);
  if (!parsed.ok()) return;
  for (const crypto::RecordEntry& entry : parsed->entries) {
    record.wrap_set.push_back({entry.provider_type, entry.fingerprint});
  }
}
bool ReadRecord(ByteReader& reader, uint32_t format, StoredRecord& record) {
  absl::string_view bytes, label, mark;
  if (!reader.ReadU16Prefixed(bytes) || bytes.size() > crypto::kMaxRecordBytesWritten ||
      !reader.ReadU8Prefixed(label) || !reader.ReadU16Prefixed(mark) ||
      !ReadNumber(reader, record.version.number) || !reader.ReadU64(record.reserved_uses) ||
      !ReadMark(reader, format, record.created)) {
    return false;
  }
  record.record.assign(bytes.data(), bytes.size());
  record.version.label.assign(label.data(), label.size());
  record.version.mark.assign(mark.data(), mark.size());
  if (format < 2) {
    SetWrapSetFromEntries(record);
    return true;
  }
  uint8_t count = 0;
  if (!reader.ReadU8(count) || count > crypto::kMaxRecordEntries) return false;
  record.wrap_set.resize(count);
  return std::all_of(record.wrap_set.begin(), record.wrap_set.end(),
                     [&reader](RemoteKeyName& key) { return ReadKeyName(reader, key); });
}

bool WriteClock(ByteWriter& writer, const PersistentState& state) {
  writer.WriteU64(ToMillis(state.last_write.wall));
  writer.WriteU64(ToMillis(state.last_write.boot_time));
  writer.WriteU64(ToMillis(state.last_write.node_time));
  if (!writer.WriteU8Prefixed(state.last_write.boot_id)) return false;
  writer.WriteU8(state.last_remote_success.has_value() ? 1 : 0);
  return !state.last_remote_success.has_value() || WriteMark(writer, *state.last_remote_success);
}
// Unlike other marks it may lack its boot id.
bool ReadLastWrite(ByteReader& reader, uint32_t format, TimeMark& mark) {
  if (!ReadTime(reader, mark.wall)) return false;
  mark.node_time = mark.wall;
  if (format < 2) return true;
  int64_t boot_millis = 0;
  absl::string_view boot_id;
  if (!ReadMillis(reader, boot_millis) || !ReadTime(reader, mark.node_time) ||
      !reader.ReadU8Prefixed(boot_id)) {
    return false;
  }
  mark.boot_time = absl::Milliseconds(boot_millis);
  mark.boot_id.assign(boot_id.data(), boot_id.size());
  return true;
}
bool ReadClock(ByteReader& reader, uint32_t format, PersistentState& state) {
  uint8_t present = 0;
  if (!ReadLastWrite(reader, format, state.last_write) || !reader.ReadU8(present) || present > 1)
    return false;
  return present == 0 || ReadMark(reader, format, state.last_remote_success.emplace());
}

bool WriteMoves(ByteWriter& writer, const PersistentState& state) {
  constexpr size_t kMost = PersistentState::kMaxListed;
  if (state.accepted.size() > kMost || state.known_providers.size() > kMost) return false;
  writer.WriteU8(static_cast<uint8_t>(state.accepted.size()));
  for (const AcceptedGeneration& accepted : state.accepted) {
    WriteKeyName(writer, accepted.key);
    writer.WriteU32(accepted.generation);
  }
  writer.WriteU8(static_cast<uint8_t>(state.known_providers.size()));
  for (const KnownProvider& known : state.known_providers) {
    WriteKeyName(writer, known.key);
    if (!WriteMark(writer, known.since)) return false;
  }
  writer.WriteU8(state.plan.has_value() ? 1 : 0);
  if (state.plan.has_value()) {
    writer.WriteBytes({reinterpret_cast<const char*>(state.plan->digest.data()), state.plan->digest.size()});
    if (!WriteMark(writer, state.plan->since)) return false;
  }
  writer.WriteU8(state.passed_active_from.has_value() ? 1 : 0);
  if (state.passed_active_from.has_value()) writer.WriteU64(ToMillis(*state.passed_active_from));
  return true;
}
bool ReadMoves(ByteReader& reader, uint32_t format, PersistentState& state) {
  constexpr size_t kMost = PersistentState::kMaxListed;
  uint8_t count = 0, present = 0;
  if (!reader.ReadU8(count) || count > kMost) return false;
  state.accepted.resize(count);
  for (AcceptedGeneration& accepted : state.accepted) {
    if (!ReadKeyName(reader, accepted.key) || !reader.ReadU32(accepted.generation)) return false;
  }
  if (!reader.ReadU8(count) || count > kMost) return false;
  state.known_providers.resize(count);
  for (KnownProvider& known : state.known_providers) {
    if (!ReadKeyName(reader, known.key) || !ReadMark(reader, format, known.since)) return false;
  }
  if (!reader.ReadU8(present) || present > 1) return false;
  if (present == 1) {
    ConfiguredPlan& plan = state.plan.emplace();
    if (!ReadFingerprint(reader, plan.digest) || !ReadMark(reader, format, plan.since)) return false;
  }
  if (!reader.ReadU8(present) || present > 1) return false;
  return present == 0 || ReadTime(reader, state.passed_active_from.emplace());
}

void WriteSection(ByteWriter& writer, uint16_t id, absl::string_view bytes) {
  writer.WriteU16(id);
  writer.WriteU32(static_cast<uint32_t>(bytes.size()));
  writer.WriteBytes(bytes);
}

bool ReadSection(uint16_t id, absl::string_view bytes, uint32_t format, PersistentState& state) {
  ByteReader reader(bytes);
  switch (id) {
    case kHistorySection:
      return ReadHistory(reader, state.history) && reader.empty();
    case kRecordSection:
      return ReadRecord(reader, format, state.record.emplace()) && reader.empty();
    case kClockSection:
      return ReadClock(reader, format, state) && reader.empty();
    case kMovesSection:
      // To format 1 it was one of those that it only carried along.
      if (format >= 2) return ReadMoves(reader, format, state) && reader.empty();
      return true;
    case kDegradedSection:
      state.degraded_key_id.assign(bytes.data(), bytes.size());
      return !bytes.empty() && bytes.size() <= crypto::kMaxKeyIdBytes;
    default:
      state.unknown_sections.push_back(UnknownSection{id, std::string(bytes)});
      return true;
  }
}

}  // namespace

absl::StatusOr<std::string> EncodeState(const PersistentState& state) {
  std::string history, record, clock, moves, body;
  ByteWriter history_writer(history), record_writer(record), clock_writer(clock), moves_writer(moves),
      writer(body);
  if (!WriteHistory(history_writer, state.history) || !WriteClock(clock_writer, state) ||
      !WriteMoves(moves_writer, state) ||
      (state.record.has_value() && !WriteRecord(record_writer, *state.record))) {
    return absl::InvalidArgumentError("state: a field is out of its bounds");
  }
  WriteSection(writer, kHistorySection, history);
  if (state.record.has_value()) WriteSection(writer, kRecordSection, record);
  WriteSection(writer, kClockSection, clock);
  WriteSection(writer, kMovesSection, moves);
  if (state.degraded_key_id.size() > crypto::kMaxKeyIdBytes) {
    return absl::InvalidArgumentError("state: a field is out of its bounds");
  }
  if (!state.degraded_key_id.empty()) WriteSection(writer, kDegradedSection, state.degraded_key_id);
  for (const UnknownSection& section : state.unknown_sections)
    WriteSection(writer, section.id, section.bytes);
  std::string file = FrameFile(kMagic, kFormat, body);
  if (file.size() > kMaxStateBytes) return absl::InvalidArgumentError("state: too long");
  return file;
}

absl::StatusOr<PersistentState> DecodeState(absl::string_view bytes) {
  if (bytes.size() > kMaxStateBytes) return absl::DataLossError("too long");
  SIGNET_ASSIGN_OR_RETURN(const UnframedFile file, UnframeFile(kMagic, kFormat, bytes));
  ByteReader reader(file.body);
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
    if (!ReadSection(id, section, file.format, state)) return absl::DataLossError("malformed section");
  }
  return state;
}

}  // namespace signet

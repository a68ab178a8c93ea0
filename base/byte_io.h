// ByteReader and ByteWriter: bounds-checked big-endian integers and length-prefixed fields, for every format
// of ours that is stored. Not thread-safe; neither owns what a view points to.
#ifndef SIGNET_BASE_BYTE_IO_H_
#define SIGNET_BASE_BYTE_IO_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace signet {

// Every Read returns false, and leaves the output untouched, when fewer bytes are left than it needs.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : rest_(bytes) {}

  bool ReadU8(uint8_t& value) { return ReadInteger(value); }
  bool ReadU16(uint16_t& value) { return ReadInteger(value); }
  bool ReadU32(uint32_t& value) { return ReadInteger(value); }
  bool ReadU64(uint64_t& value) { return ReadInteger(value); }
  // A view into the input, valid as long as the input is.
  bool ReadBytes(size_t size, absl::string_view& value) {
    if (rest_.size() < size) return false;
    value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool ReadU8Prefixed(absl::string_view& value) { return ReadPrefixed<uint8_t>(value); }
  bool ReadU16Prefixed(absl::string_view& value) { return ReadPrefixed<uint16_t>(value); }

  absl::string_view rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  template <typename Integer>
  bool ReadInteger(Integer& value) {
    if (rest_.size() < sizeof(Integer)) return false;
    uint64_t result = 0;
    for (size_t i = 0; i < sizeof(Integer); ++i) {
      result = (result << 8) | static_cast<uint8_t>(rest_[i]);
    }
    rest_.remove_prefix(sizeof(Integer));
    value = static_cast<Integer>(result);
    return true;
  }
  template <typename Length>
  bool ReadPrefixed(absl::string_view& value) {
    const absl::string_view start = rest_;
    Length length = 0;
    if (ReadInteger(length) && ReadBytes(length, value)) return true;
    rest_ = start;
    return false;
  }

  absl::string_view rest_;
};

// Appends to a string, which may move as it grows: no place for secrets. A prefixed field that does not fit
// its length is not written: false.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  void WriteU8(uint8_t value) { WriteInteger(value, 1); }
  void WriteU16(uint16_t value) { WriteInteger(value, 2); }
  void WriteU32(uint32_t value) { WriteInteger(value, 4); }
  void WriteU64(uint64_t value) { WriteInteger(value, 8); }
  void WriteBytes(absl::string_view bytes) { out_.append(bytes.data(), bytes.size()); }
  [[nodiscard]] bool WriteU8Prefixed(absl::string_view bytes) {
    if (bytes.size() > 0xFF) return false;
    WriteU8(static_cast<uint8_t>(bytes.size()));
    WriteBytes(bytes);
    return true;
  }
  [[nodiscard]] bool WriteU16Prefixed(absl::string_view bytes) {
    if (bytes.size() > 0xFFFF) return false;
    WriteU16(static_cast<uint16_t>(bytes.size()));
    WriteBytes(bytes);
    return true;
  }

 private:
  void WriteInteger(uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out_.push_back(static_cast<char>((value >> shift) & 0xFF));
    }
  }

  std::string& out_;
};

}  // namespace signet

#endif  // SIGNET_BASE_BYTE_IO_H_

#include "plugin/etcd/protowire.h"

#include <cstddef>

namespace signet::etcd {

bool ProtoReader::ReadVarint(uint64_t& value) {
  uint64_t result = 0;
  for (size_t i = 0; i < 10 && i < rest_.size(); ++i) {
    const auto byte = static_cast<uint8_t>(rest_[i]);
    // The tenth byte has room for the top bit of 64 only.
    if (i == 9 && byte > 1) return false;
    result |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) {
      rest_.remove_prefix(i + 1);
      value = result;
      return true;
    }
  }
  return false;
}

bool ProtoReader::ReadFixed(int bytes, uint64_t& value) {
  if (rest_.size() < static_cast<size_t>(bytes)) return false;
  value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    value = (value << 8) | static_cast<uint8_t>(rest_[static_cast<size_t>(i)]);
  }
  rest_.remove_prefix(static_cast<size_t>(bytes));
  return true;
}

bool ProtoReader::ReadValue(ProtoField& field) {
  switch (field.type) {
    case WireType::kVarint:
      return ReadVarint(field.value);
    case WireType::kFixed64:
      return ReadFixed(8, field.value);
    case WireType::kFixed32:
      return ReadFixed(4, field.value);
    case WireType::kBytes: {
      uint64_t size = 0;
      if (!ReadVarint(size) || size > rest_.size()) return false;
      field.bytes = rest_.substr(0, static_cast<size_t>(size));
      rest_.remove_prefix(static_cast<size_t>(size));
      return true;
    }
  }
  return false;
}

bool ProtoReader::Next(ProtoField& field) {
  if (malformed_ || rest_.empty()) return false;
  field = {};
  uint64_t tag = 0;
  malformed_ = !ReadVarint(tag) || tag > UINT32_MAX || (tag >> 3) == 0;
  if (malformed_) return false;
  field.number = static_cast<uint32_t>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  malformed_ = !ReadValue(field);
  return !malformed_;
}

}  // namespace signet::etcd

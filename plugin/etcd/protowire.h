// ProtoReader: walks the fields of one protobuf message without a schema, without copies and without
// recursion: what comes from etcd is hostile, and only a handful of fields matter.
//
// Not thread-safe; views point into the input; nothing blocks.
#ifndef SIGNET_PLUGIN_ETCD_PROTOWIRE_H_
#define SIGNET_PLUGIN_ETCD_PROTOWIRE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace signet::etcd {

// The wire types that exist in proto3; groups are malformed to this reader.
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct ProtoField {
  uint32_t number = 0;  // 1 to 2^29 - 1
  WireType type = WireType::kVarint;
  uint64_t value = 0;       // of kVarint, kFixed64 and kFixed32
  absl::string_view bytes;  // of kBytes
};

class ProtoReader {
 public:
  explicit ProtoReader(absl::string_view message) : rest_(message) {}

  // True: `field` is the next one. False: the end, or malformed() from here on.
  bool Next(ProtoField& field);
  bool malformed() const { return malformed_; }

 private:
  bool ReadVarint(uint64_t& value);
  bool ReadFixed(int bytes, uint64_t& value);
  bool ReadValue(ProtoField& field);

  absl::string_view rest_;
  bool malformed_ = false;
};

}  // namespace signet::etcd

#endif  // SIGNET_PLUGIN_ETCD_PROTOWIRE_H_

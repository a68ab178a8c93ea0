#include "tests/testing/stored_objects.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "crypto/envelope.h"
#include "crypto/local_kek.h"
#include "crypto/random.h"
#include "crypto/record.h"

namespace signet::testing {
namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  bytes += static_cast<char>(value);
  return bytes;
}

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) std::abort();
  return *std::move(result);
}

}  // namespace

std::string ProtoBytes(uint32_t number, absl::string_view bytes) {
  return absl::StrCat(Varint((uint64_t{number} << 3) | 2), Varint(bytes.size()), bytes);
}

std::string ProtoVarint(uint32_t number, uint64_t value) {
  return absl::StrCat(Varint(uint64_t{number} << 3), Varint(value));
}

std::string StoredObject::Message() const {
  std::string message =
      absl::StrCat(ProtoBytes(1, encrypted_data), ProtoBytes(2, key_id), ProtoBytes(3, wrapped_seed));
  for (const auto& [name, value] : annotations) {
    message += ProtoBytes(4, absl::StrCat(ProtoBytes(1, name), ProtoBytes(2, value)));
  }
  if (seed_type != 0) message += ProtoVarint(5, seed_type);
  return message;
}

std::string StoredObject::Value(absl::string_view provider) const {
  return absl::StrCat("k8s:enc:kms:v2:", provider, ":", Message());
}

StoredObject MakeSignetObject(absl::string_view key_id) {
  crypto::Record record;
  record.key_id = std::string(key_id);
  record.created_unix_seconds = 1700000000;
  record.entries = {{static_cast<uint8_t>(crypto::ProviderType::kLocal),
                     {1, 2, 3, 4, 5, 6, 7, 8},
                     std::string("\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11"),
                     std::string(60, 'b')}};
  const auto kek = Must(crypto::LocalKek::Derive(Must(crypto::GenerateLocalKek(crypto::SystemRandom()))));
  const std::string bytes = Must(kek->FinishRecord(record, "cluster"));
  StoredObject object;
  object.key_id = record.key_id;
  object.wrapped_seed = Must(crypto::SealEnvelope(*kek, crypto::ComputeLocalKekId(bytes), key_id,
                                                  std::string(32, 's'), crypto::SystemRandom()));
  object.annotations = {{std::string(crypto::kRecordAnnotation), bytes}};
  return object;
}

}  // namespace signet::testing

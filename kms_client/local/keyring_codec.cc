#include "kms_client/local/keyring_codec.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "crypto/digest.h"

namespace signet::kms {
namespace {

constexpr uint8_t kNotSealed = 0;
constexpr uint8_t kSealedByScrypt = 1;
constexpr size_t kChecksumBytes = 32;
constexpr size_t kFixedHeaderBytes = 8 + 1 + 1 + 2 + kKeyringIdBytes + 8;
constexpr size_t kSealBytes = 1 + 1 + 2 + 2 + kSealSaltBytes + crypto::kGcmNonceBytes;
constexpr size_t kLengthBytes = 4;
constexpr size_t kVersionBytesAtMost =
    4 + kKeyringVersionIdBytes + 1 + 1 + size_t{3} * 8 + 1 + kMaxKeyringLabelBytes + 1 + kKeyringKeyBytes;
constexpr uint8_t kActivatedFlag = 1;
// The end of the year 9999; absl::Time and people can show it.
constexpr uint64_t kMaxUnixSeconds = 253402300799;
constexpr absl::string_view kSealDomain("signet/v1/keyring\0", 18);

template <typename Array>
absl::string_view AsString(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

absl::Span<const uint8_t> AsBytes(absl::string_view text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

template <typename Array>
bool ReadArray(ByteReader& reader, Array& out) {
  absl::string_view bytes;
  if (!reader.ReadBytes(out.size(), bytes)) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

bool ReadTime(ByteReader& reader, absl::Time& time) {
  uint64_t seconds = 0;
  if (!reader.ReadU64(seconds) || seconds > kMaxUnixSeconds) return false;
  time = absl::FromUnixSeconds(static_cast<int64_t>(seconds));
  return true;
}

uint64_t UnixSeconds(absl::Time time) {
  return static_cast<uint64_t>(std::clamp<int64_t>(absl::ToUnixSeconds(time), 0, kMaxUnixSeconds));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged keyring: ", what));
}

bool ReadSeal(ByteReader& reader, KeyringFileParts& parts) {
  SealParameters seal;
  uint8_t reserved = 0;
  uint16_t r = 0;
  uint16_t p = 0;
  if (!reader.ReadU8(seal.cost.log2_n) || !reader.ReadU8(reserved) || reserved != 0 || !reader.ReadU16(r) ||
      !reader.ReadU16(p) || !ReadArray(reader, seal.salt) ||
      !reader.ReadBytes(crypto::kGcmNonceBytes, parts.nonce)) {
    return false;
  }
  seal.cost.r = r;
  seal.cost.p = p;
  parts.seal = seal;
  return true;
}

bool ReadVersion(ByteReader& reader, absl::StatusOr<crypto::SecretBytes>& key, KeyringVersion& version) {
  uint8_t state = 0;
  uint8_t flags = 0;
  uint64_t activate_at = 0;
  absl::string_view label;
  absl::string_view key_bytes;
  if (!reader.ReadU32(version.number) || !ReadArray(reader, version.id) || !reader.ReadU8(state) ||
      !reader.ReadU8(flags) || !ReadTime(reader, version.created) || !reader.ReadU64(activate_at) ||
      !ReadTime(reader, version.state_changed) || !reader.ReadU8Prefixed(label) ||
      !reader.ReadU8Prefixed(key_bytes)) {
    return false;
  }
  if (state < static_cast<uint8_t>(KeyringVersionState::kEnabled) ||
      state > static_cast<uint8_t>(KeyringVersionState::kDestroyed) || (flags & ~kActivatedFlag) != 0 ||
      activate_at > kMaxUnixSeconds) {
    return false;
  }
  version.state = static_cast<KeyringVersionState>(state);
  version.activated = (flags & kActivatedFlag) != 0;
  if (activate_at != 0) version.activate_at = absl::FromUnixSeconds(static_cast<int64_t>(activate_at));
  version.label = std::string(label);
  key = crypto::SecretBytes::CopyOf(key_bytes);
  return true;
}

absl::StatusOr<Keyring> DecodeBody(const KeyringFileParts& parts, absl::string_view body) {
  ByteReader reader(body);
  absl::Time created;
  uint16_t count = 0;
  if (!ReadTime(reader, created) || !reader.ReadU16(count)) return Damaged("truncated body");
  if (count == 0 || count > kMaxKeyringVersions) return Damaged("number of versions");
  std::vector<KeyringVersion> versions;
  versions.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    absl::StatusOr<crypto::SecretBytes> key;
    KeyringVersion version;
    if (!ReadVersion(reader, key, version)) return Damaged("a version's entry");
    if (!key.ok()) return key.status();
    version.key = *std::move(key);
    versions.push_back(std::move(version));
  }
  if (!reader.empty()) return Damaged("trailing bytes");
  return Keyring::FromParts(parts.id, parts.revision, created, std::move(versions));
}

// Fails only on a label or key that Keyring does not allow.
bool WriteBody(const Keyring& keyring, ByteWriter& writer) {
  writer.WriteU64(UnixSeconds(keyring.created()));
  writer.WriteU16(static_cast<uint16_t>(keyring.versions().size()));
  for (const KeyringVersion& version : keyring.versions()) {
    writer.WriteU32(version.number);
    writer.WriteBytes(AsString(version.id));
    writer.WriteU8(static_cast<uint8_t>(version.state));
    writer.WriteU8(version.activated ? kActivatedFlag : 0);
    writer.WriteU64(UnixSeconds(version.created));
    writer.WriteU64(version.activate_at.has_value() ? UnixSeconds(*version.activate_at) : 0);
    writer.WriteU64(UnixSeconds(version.state_changed));
    if (!writer.WriteU8Prefixed(version.label) || !writer.WriteU8Prefixed(version.key.ExposeAsString())) {
      return false;
    }
  }
  return true;
}

size_t FileBytesAtMost(const Keyring& keyring) {
  return kFixedHeaderBytes + kSealBytes + kLengthBytes + 8 + 2 +
         keyring.versions().size() * kVersionBytesAtMost + crypto::kGcmTagBytes + kChecksumBytes;
}

void WriteFixedHeader(const Keyring& keyring, uint8_t seal, ByteWriter& writer) {
  writer.WriteBytes(kKeyringMagic);
  writer.WriteU8(kKeyringFormat);
  writer.WriteU8(seal);
  writer.WriteU16(0);
  writer.WriteBytes(AsString(keyring.id()));
  writer.WriteU64(keyring.revision());
}

// A string whose bytes never move, so that no copy stays behind unwiped.
crypto::SensitiveString Reserved(size_t bytes) {
  crypto::SensitiveString text;
  text.ExposeMutable().reserve(bytes);
  return text;
}

void AppendChecksum(std::string& file) {
  const crypto::Sha256Digest digest = crypto::Sha256(file);
  file.append(AsString(digest).data(), digest.size());
}

}  // namespace

absl::StatusOr<KeyringFileParts> ParseKeyringFile(absl::string_view bytes) {
  if (bytes.size() > kMaxKeyringFileBytes) return Damaged("too long");
  ByteReader reader(bytes);
  absl::string_view magic;
  uint8_t format = 0;
  if (!reader.ReadBytes(kKeyringMagic.size(), magic) || magic != kKeyringMagic || !reader.ReadU8(format)) {
    return absl::DataLossError("not a keyring file");
  }
  if (format > kKeyringFormat) {
    return absl::FailedPreconditionError(absl::StrCat(
        "keyring format ", format, " is newer than this program, which knows format ", kKeyringFormat));
  }
  if (format == 0 || bytes.size() < kFixedHeaderBytes + kLengthBytes + kChecksumBytes) {
    return Damaged("truncated");
  }
  const absl::string_view content = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (AsString(crypto::Sha256(content)) != bytes.substr(content.size())) return Damaged("wrong checksum");

  KeyringFileParts parts;
  uint8_t seal = 0;
  uint16_t reserved = 0;
  if (!reader.ReadU8(seal) || seal > kSealedByScrypt || !reader.ReadU16(reserved) || reserved != 0 ||
      !ReadArray(reader, parts.id) || !reader.ReadU64(parts.revision)) {
    return Damaged("header");
  }
  if (seal == kSealedByScrypt && !ReadSeal(reader, parts)) return Damaged("seal");
  uint32_t length = 0;
  if (!reader.ReadU32(length) || reader.rest().size() < kChecksumBytes ||
      length != reader.rest().size() - kChecksumBytes) {
    return Damaged("length");
  }
  parts.body = reader.rest().substr(0, length);
  parts.header = bytes.substr(0, bytes.size() - reader.rest().size());
  return parts;
}

absl::StatusOr<Keyring> DecodeKeyring(const KeyringFileParts& parts, const crypto::SecretBytes* seal_key) {
  if (parts.seal.has_value() != (seal_key != nullptr)) {
    return absl::InvalidArgumentError("a seal key belongs to a sealed keyring and to no other");
  }
  if (seal_key == nullptr) return DecodeBody(parts, parts.body);
  if (parts.body.size() < crypto::kGcmTagBytes) return Damaged("truncated body");
  SIGNET_ASSIGN_OR_RETURN(crypto::SecretBytes body,
                          crypto::SecretBytes::Create(parts.body.size() - crypto::kGcmTagBytes));
  const absl::Status opened = crypto::AesGcmOpen(seal_key->Expose(), AsBytes(parts.nonce),
                                                 AsBytes(absl::StrCat(kSealDomain, parts.header)),
                                                 AsBytes(parts.body), body.ExposeMutable());
  if (absl::IsDataLoss(opened)) {
    // The checksum is good, so the file is as it was written.
    return absl::PermissionDeniedError("the passphrase does not open the keyring");
  }
  SIGNET_RETURN_IF_ERROR(opened);
  return DecodeBody(parts, body.ExposeAsString());
}

absl::StatusOr<crypto::SensitiveString> EncodeKeyring(const Keyring& keyring) {
  crypto::SensitiveString body = Reserved(FileBytesAtMost(keyring));
  ByteWriter body_writer(body.ExposeMutable());
  if (!WriteBody(keyring, body_writer)) return absl::InternalError("keyring: a field is too long");
  crypto::SensitiveString file = Reserved(FileBytesAtMost(keyring));
  ByteWriter writer(file.ExposeMutable());
  WriteFixedHeader(keyring, kNotSealed, writer);
  writer.WriteU32(static_cast<uint32_t>(body.size()));
  writer.WriteBytes(body.Expose());
  AppendChecksum(file.ExposeMutable());
  return file;
}

absl::StatusOr<crypto::SensitiveString> EncodeSealedKeyring(const Keyring& keyring,
                                                            const SealParameters& parameters,
                                                            const crypto::SecretBytes& seal_key,
                                                            crypto::RandomSource& random) {
  if (parameters.cost.r > 0xFFFF || parameters.cost.p > 0xFFFF) {
    return absl::InvalidArgumentError("scrypt: cost out of bounds");
  }
  std::array<uint8_t, crypto::kGcmNonceBytes> nonce;
  SIGNET_RETURN_IF_ERROR(random.Fill(absl::MakeSpan(nonce)));
  crypto::SensitiveString body = Reserved(FileBytesAtMost(keyring));
  ByteWriter body_writer(body.ExposeMutable());
  if (!WriteBody(keyring, body_writer)) return absl::InternalError("keyring: a field is too long");

  crypto::SensitiveString file = Reserved(FileBytesAtMost(keyring));
  std::string& bytes = file.ExposeMutable();
  ByteWriter writer(bytes);
  WriteFixedHeader(keyring, kSealedByScrypt, writer);
  writer.WriteU8(parameters.cost.log2_n);
  writer.WriteU8(0);
  writer.WriteU16(static_cast<uint16_t>(parameters.cost.r));
  writer.WriteU16(static_cast<uint16_t>(parameters.cost.p));
  writer.WriteBytes(AsString(parameters.salt));
  writer.WriteBytes(AsString(nonce));
  writer.WriteU32(static_cast<uint32_t>(body.size() + crypto::kGcmTagBytes));
  const std::string associated_data = absl::StrCat(kSealDomain, bytes);
  const size_t header_size = bytes.size();
  bytes.resize(header_size + body.size() + crypto::kGcmTagBytes);
  auto* const sealed = reinterpret_cast<uint8_t*>(bytes.data()) + header_size;
  SIGNET_RETURN_IF_ERROR(crypto::AesGcmSeal(seal_key.Expose(), nonce, AsBytes(associated_data),
                                            AsBytes(body.Expose()),
                                            absl::MakeSpan(sealed, body.size() + crypto::kGcmTagBytes)));
  AppendChecksum(bytes);
  return file;
}

}  // namespace signet::kms

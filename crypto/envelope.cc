#include "crypto/envelope.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status_macros.h"
#include "crypto/aes_gcm.h"

namespace signet::crypto {
namespace {

constexpr size_t kWrappedDekBytes = kGcmNonceBytes + kAesKeyBytes + kGcmTagBytes;
constexpr size_t kWrappedDekOffset = kEnvelopeHeaderBytes;
constexpr size_t kPayloadOffset = kWrappedDekOffset + kWrappedDekBytes;
static_assert(kPayloadOffset + kGcmNonceBytes + kGcmTagBytes == kEnvelopeOverheadBytes);

constexpr absl::string_view kDekDomain("signet/v1/dek\0", 14);
constexpr absl::string_view kPayloadDomain("signet/v1/payload\0", 18);
constexpr size_t kMaxAadBytes = 18 + kEnvelopeHeaderBytes + 1 + 255;

absl::Span<const uint8_t> Bytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
absl::Span<uint8_t> MutableBytes(std::string& text, size_t offset, size_t size) {
  return {reinterpret_cast<uint8_t*>(text.data()) + offset, size};
}

// domain ‖ 0x00 ‖ 20 header bytes ‖ u8 length ‖ key_id, on the stack.
class Aad {
 public:
  Aad(absl::string_view domain, absl::string_view header, absl::string_view key_id) {
    Append(domain);
    Append(header);
    bytes_[size_++] = static_cast<uint8_t>(key_id.size());
    Append(key_id);
  }
  absl::Span<const uint8_t> span() const { return {bytes_.data(), size_}; }

 private:
  void Append(absl::string_view part) {
    std::memcpy(bytes_.data() + size_, part.data(), part.size());
    size_ += part.size();
  }
  std::array<uint8_t, kMaxAadBytes> bytes_;
  size_t size_ = 0;
};

// One per thread in the secure heap: a secure allocation per call would cost more than the encryption.
absl::StatusOr<SecretBytes*> ThreadDekSlot() {
  thread_local SecretBytes slot;
  if (slot.empty()) {
    SIGNET_ASSIGN_OR_RETURN(slot, SecretBytes::Create(kAesKeyBytes + 2 * kGcmNonceBytes));
  }
  return &slot;
}

class WipeOnExit {
 public:
  explicit WipeOnExit(SecretBytes& slot) : slot_(slot) {}
  ~WipeOnExit() { OPENSSL_cleanse(slot_.ExposeMutable().data(), slot_.size()); }

 private:
  SecretBytes& slot_;
};

absl::Status CheckKeyId(absl::string_view key_id) {
  if (key_id.empty() || key_id.size() > 255)
    return absl::InvalidArgumentError("key_id must be 1 to 255 bytes");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EnvelopeView> ParseEnvelope(absl::string_view ciphertext) {
  if (ciphertext.size() <= kEnvelopeOverheadBytes) {
    return absl::InvalidArgumentError("ciphertext: too short");
  }
  if (ciphertext.size() > kEnvelopeOverheadBytes + kMaxPlaintextBytes) {
    return absl::InvalidArgumentError("ciphertext: too long");
  }
  if (static_cast<uint8_t>(ciphertext[0]) != kEnvelopeMagic) {
    return absl::InvalidArgumentError("ciphertext: not written by signet");
  }
  if (static_cast<uint8_t>(ciphertext[1]) != kEnvelopeFormat || ciphertext[2] != 0 || ciphertext[3] != 0) {
    return absl::InvalidArgumentError("ciphertext: unknown format");
  }
  EnvelopeView view;
  view.header = ciphertext.substr(0, kEnvelopeHeaderBytes);
  std::memcpy(view.local_kek_id.data(), ciphertext.data() + 4, view.local_kek_id.size());
  view.wrapped_dek = ciphertext.substr(kWrappedDekOffset, kWrappedDekBytes);
  view.payload = ciphertext.substr(kPayloadOffset);
  return view;
}

absl::StatusOr<std::string> SealEnvelope(const LocalKek& kek, const LocalKekId& kek_id,
                                         absl::string_view key_id, absl::string_view plaintext,
                                         RandomSource& random) {
  SIGNET_RETURN_IF_ERROR(CheckKeyId(key_id));
  if (plaintext.empty() || plaintext.size() > kMaxPlaintextBytes) {
    return absl::InvalidArgumentError("plaintext must be 1 to 65536 bytes");
  }
  SIGNET_ASSIGN_OR_RETURN(SecretBytes * slot, ThreadDekSlot());
  const WipeOnExit wipe(*slot);
  const absl::Span<uint8_t> fresh = slot->ExposeMutable();
  SIGNET_RETURN_IF_ERROR(random.Fill(fresh));
  const absl::Span<const uint8_t> dek = fresh.subspan(0, kAesKeyBytes);
  const absl::Span<const uint8_t> dek_nonce = fresh.subspan(kAesKeyBytes, kGcmNonceBytes);
  const absl::Span<const uint8_t> payload_nonce = fresh.subspan(kAesKeyBytes + kGcmNonceBytes);

  std::string out(kEnvelopeOverheadBytes + plaintext.size(), '\0');
  out[0] = static_cast<char>(kEnvelopeMagic);
  out[1] = static_cast<char>(kEnvelopeFormat);
  std::memcpy(out.data() + 4, kek_id.data(), kek_id.size());
  std::memcpy(out.data() + kWrappedDekOffset, dek_nonce.data(), dek_nonce.size());
  std::memcpy(out.data() + kPayloadOffset, payload_nonce.data(), payload_nonce.size());

  const absl::string_view header(out.data(), kEnvelopeHeaderBytes);
  SIGNET_RETURN_IF_ERROR(
      AesGcmSeal(kek.wrap_key().Expose(), dek_nonce, Aad(kDekDomain, header, key_id).span(), dek,
                 MutableBytes(out, kWrappedDekOffset + kGcmNonceBytes, kAesKeyBytes + kGcmTagBytes),
                 ExpandedKey::kLeaveForNextCall));
  SIGNET_RETURN_IF_ERROR(
      AesGcmSeal(dek, payload_nonce, Aad(kPayloadDomain, header, key_id).span(), Bytes(plaintext),
                 MutableBytes(out, kPayloadOffset + kGcmNonceBytes, plaintext.size() + kGcmTagBytes)));
  return out;
}

absl::StatusOr<SensitiveString> OpenEnvelope(const LocalKek& kek, absl::string_view key_id,
                                             const EnvelopeView& envelope) {
  SIGNET_RETURN_IF_ERROR(CheckKeyId(key_id));
  SIGNET_ASSIGN_OR_RETURN(SecretBytes * slot, ThreadDekSlot());
  const WipeOnExit wipe(*slot);
  const absl::Span<uint8_t> dek = slot->ExposeMutable().subspan(0, kAesKeyBytes);

  const absl::Span<const uint8_t> payload = Bytes(envelope.payload);
  // Before the key is used: between the two calls below nothing may throw, as the first leaves its key
  // expanded.
  SensitiveString plaintext;
  plaintext.ExposeMutable().resize(payload.size() - kGcmNonceBytes - kGcmTagBytes);

  const absl::Span<const uint8_t> wrapped = Bytes(envelope.wrapped_dek);
  SIGNET_RETURN_IF_ERROR(AesGcmOpen(kek.wrap_key().Expose(), wrapped.subspan(0, kGcmNonceBytes),
                                    Aad(kDekDomain, envelope.header, key_id).span(),
                                    wrapped.subspan(kGcmNonceBytes), dek, ExpandedKey::kLeaveForNextCall));
  SIGNET_RETURN_IF_ERROR(AesGcmOpen(
      dek, payload.subspan(0, kGcmNonceBytes), Aad(kPayloadDomain, envelope.header, key_id).span(),
      payload.subspan(kGcmNonceBytes), MutableBytes(plaintext.ExposeMutable(), 0, plaintext.size())));
  return plaintext;
}

}  // namespace signet::crypto

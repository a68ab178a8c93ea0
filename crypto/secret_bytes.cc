#include "crypto/secret_bytes.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <cstring>
#include <utility>

namespace signet::crypto {

SecretBytes::~SecretBytes() { Release(); }

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    Release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void SecretBytes::Release() noexcept {
  // Wipes size_ bytes and gives the block back.
  if (data_ != nullptr) OPENSSL_secure_clear_free(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

absl::StatusOr<SecretBytes> SecretBytes::Create(size_t size) {
  if (size == 0) return SecretBytes();
  auto* data = static_cast<uint8_t*>(OPENSSL_secure_zalloc(size));
  if (data == nullptr) {
    ERR_clear_error();
    return absl::ResourceExhaustedError("no secure memory left");
  }
  return SecretBytes(data, size);
}

absl::StatusOr<SecretBytes> SecretBytes::CopyOf(absl::Span<const uint8_t> bytes) {
  absl::StatusOr<SecretBytes> copy = Create(bytes.size());
  if (copy.ok() && !bytes.empty()) std::memcpy(copy->data_, bytes.data(), bytes.size());
  return copy;
}

absl::StatusOr<SecretBytes> SecretBytes::CopyOf(absl::string_view bytes) {
  return CopyOf(absl::MakeSpan(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

absl::string_view SecretBytes::ExposeAsString() const {
  return {reinterpret_cast<const char*>(data_), size_};
}

bool operator==(const SecretBytes& a, const SecretBytes& b) {
  if (a.size_ != b.size_) return false;
  return a.size_ == 0 || CRYPTO_memcmp(a.data_, b.data_, a.size_) == 0;
}

}  // namespace signet::crypto

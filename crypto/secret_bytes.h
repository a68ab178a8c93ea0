// SecretBytes: key material in locked memory. Move-only, wiped on destruction, unprintable, compared in
// constant time. Every place that looks at the bytes calls Expose(), so that a reader can grep for it.
//
// Not thread-safe; const access from several threads is fine. Does not block.
#ifndef SIGNET_CRYPTO_SECRET_BYTES_H_
#define SIGNET_CRYPTO_SECRET_BYTES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signet::crypto {

class SecretBytes {
 public:
  // Empty; holds no memory.
  SecretBytes() = default;
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  // `size` zero bytes. RESOURCE_EXHAUSTED: the secure heap is full (it never falls back to ordinary heap
  // once the secure heap is initialised).
  static absl::StatusOr<SecretBytes> Create(size_t size);
  // A copy of `bytes`; the caller wipes its own. RESOURCE_EXHAUSTED as Create.
  static absl::StatusOr<SecretBytes> CopyOf(absl::Span<const uint8_t> bytes);
  static absl::StatusOr<SecretBytes> CopyOf(absl::string_view bytes);

  absl::Span<const uint8_t> Expose() const { return {data_, size_}; }
  absl::string_view ExposeAsString() const;
  absl::Span<uint8_t> ExposeMutable() { return absl::MakeSpan(data_, size_); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Constant time in the content; the sizes are public.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b);
  friend bool operator!=(const SecretBytes& a, const SecretBytes& b) { return !(a == b); }

  template <typename Stream>
  friend Stream& operator<<(Stream&, const SecretBytes&) = delete;

 private:
  SecretBytes(uint8_t* data, size_t size) : data_(data), size_(size) {}
  void Release() noexcept;

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_SECRET_BYTES_H_

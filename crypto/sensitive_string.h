// SensitiveString: a plaintext on its way to or from the caller, in ordinary heap, wiped on destruction.
//
// For what a caller gave us or gets from us (up to 64 KiB each, many at once, and copied by gRPC anyway).
// Keys live in SecretBytes instead. Move-only, unprintable. Not thread-safe.
#ifndef SIGNET_CRYPTO_SENSITIVE_STRING_H_
#define SIGNET_CRYPTO_SENSITIVE_STRING_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace signet::crypto {

// Overwrites the string's whole buffer, the small-string one included, then clears it.
void WipeString(std::string& text);

class SensitiveString {
 public:
  SensitiveString() = default;
  explicit SensitiveString(std::string&& text) : text_(std::move(text)) { WipeString(text); }
  ~SensitiveString() { WipeString(text_); }
  SensitiveString(SensitiveString&& other) noexcept : text_(std::move(other.text_)) {
    WipeString(other.text_);
  }
  SensitiveString& operator=(SensitiveString&& other) noexcept {
    if (this != &other) {
      WipeString(text_);
      text_ = std::move(other.text_);
      WipeString(other.text_);
    }
    return *this;
  }
  SensitiveString(const SensitiveString&) = delete;
  SensitiveString& operator=(const SensitiveString&) = delete;

  absl::string_view Expose() const { return text_; }
  // The string to be filled in place. Size it once: a string that grows leaves unwiped copies behind.
  std::string& ExposeMutable() { return text_; }
  // Hands the text on; the receiver wipes it.
  std::string Release() && {
    std::string result = std::move(text_);
    WipeString(text_);
    return result;
  }
  size_t size() const { return text_.size(); }

  template <typename Stream>
  friend Stream& operator<<(Stream&, const SensitiveString&) = delete;

 private:
  std::string text_;
};

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_SENSITIVE_STRING_H_

// Base64 (RFC 4648 section 4, standard alphabet, padded), strict and into buffers of the caller's choice, so
// that a secret leaves no copy behind. Decoding refuses blanks, wrong padding and set tail bits: one text per
// value. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_CRYPTO_BASE64_H_
#define SIGNET_CRYPTO_BASE64_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace signet::crypto {

constexpr size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }

// Appends to `out`. Reserve Base64Size(bytes.size()) first where `bytes` is secret: growing leaves a copy.
void AppendBase64(absl::Span<const uint8_t> bytes, std::string& out);
std::string Base64Encode(absl::string_view bytes);

// How many bytes `text` decodes to, from its size and padding alone; nullopt: it cannot be base64.
std::optional<size_t> Base64DecodedSize(absl::string_view text);

// Decodes exactly out.size() bytes. False: not canonical base64 of that many bytes; `out` is then undefined.
[[nodiscard]] bool Base64Decode(absl::string_view text, absl::Span<uint8_t> out);
// For what is not secret.
std::optional<std::string> Base64Decode(absl::string_view text);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_BASE64_H_

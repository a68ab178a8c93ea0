#include "crypto/base64.h"

#include <array>

namespace signet::crypto {
namespace {

constexpr absl::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  for (uint8_t& value : values) value = kNoDigit;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kValues = MakeValues();

char Digit(uint32_t group, int index) { return kAlphabet[(group >> (18 - 6 * index)) & 0x3F]; }

}  // namespace

void AppendBase64(absl::Span<const uint8_t> bytes, std::string& out) {
  size_t written = out.size();
  out.resize(written + Base64Size(bytes.size()));
  size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const uint32_t group = uint32_t{bytes[at]} << 16 | uint32_t{bytes[at + 1]} << 8 | bytes[at + 2];
    for (int i = 0; i < 4; ++i) out[written++] = Digit(group, i);
  }
  const size_t left = bytes.size() - at;
  if (left == 0) return;
  const uint32_t group = uint32_t{bytes[at]} << 16 | (left == 2 ? uint32_t{bytes[at + 1]} << 8 : 0);
  out[written++] = Digit(group, 0);
  out[written++] = Digit(group, 1);
  out[written++] = left == 2 ? Digit(group, 2) : '=';
  out[written] = '=';
}

std::string Base64Encode(absl::string_view bytes) {
  std::string out;
  out.reserve(Base64Size(bytes.size()));
  AppendBase64(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), out);
  return out;
}

std::optional<size_t> Base64DecodedSize(absl::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return 0;
  const size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  return text.size() / 4 * 3 - padding;
}

bool Base64Decode(absl::string_view text, absl::Span<uint8_t> out) {
  const std::optional<size_t> size = Base64DecodedSize(text);
  if (!size.has_value() || *size != out.size()) return false;
  size_t written = 0;
  for (size_t at = 0; at < text.size(); at += 4) {
    // What the padding stands for counts as zero digits; it is elsewhere no digit at all.
    const size_t bytes = at + 4 == text.size() ? out.size() - written : 3;
    uint32_t group = 0;
    for (size_t i = 0; i < 4; ++i) {
      const uint8_t value = i <= bytes ? kValues[static_cast<uint8_t>(text[at + i])] : uint8_t{0};
      if (value == kNoDigit) return false;
      group = group << 6 | value;
    }
    for (size_t i = 0; i < bytes; ++i) {
      out[written++] = static_cast<uint8_t>(group >> (16 - 8 * i));
    }
    if (bytes < 3 && (group & (0xFFFFFFU >> (8 * bytes))) != 0) return false;
  }
  return true;
}

std::optional<std::string> Base64Decode(absl::string_view text) {
  const std::optional<size_t> size = Base64DecodedSize(text);
  if (!size.has_value()) return std::nullopt;
  std::string out(*size, '\0');
  if (!Base64Decode(text, absl::MakeSpan(reinterpret_cast<uint8_t*>(out.data()), out.size()))) {
    return std::nullopt;
  }
  return out;
}

}  // namespace signet::crypto

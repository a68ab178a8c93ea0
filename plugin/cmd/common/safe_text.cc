#include "plugin/cmd/common/safe_text.h"

namespace signet {

std::string SafeText(absl::string_view text, size_t max_bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string safe;
  for (const char c : text.substr(0, max_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      safe += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7F) {
      safe += c;
    } else if (c == '\n') {
      safe += "\\n";
    } else if (c == '\r') {
      safe += "\\r";
    } else if (c == '\t') {
      safe += "\\t";
    } else {
      safe += "\\x";
      safe += kHex[byte >> 4];
      safe += kHex[byte & 0xF];
    }
  }
  if (text.size() > max_bytes) safe += "…";
  return safe;
}

}  // namespace signet

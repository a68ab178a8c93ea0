#include "kms_client/alibaba/percent_encoding.h"

#include "absl/strings/ascii.h"

namespace signet::kms {

void AppendPercentEncoded(absl::string_view text, std::string& out) {
  constexpr absl::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 0xF]);
    }
  }
}

std::string CanonicalQuery(const AlibabaParameters& parameters) {
  size_t most = 0;
  for (const auto& [name, value] : parameters) most += 3 * (name.size() + value.size()) + 2;
  std::string query;
  query.reserve(most);
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query.push_back('&');
    AppendPercentEncoded(name, query);
    query.push_back('=');
    AppendPercentEncoded(value, query);
  }
  return query;
}

}  // namespace signet::kms

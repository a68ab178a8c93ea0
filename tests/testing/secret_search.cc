#include "tests/testing/secret_search.h"

#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace signet::testing {
namespace {

// A multiple of three, so that base64 of a window stands in base64 of everything around it.
constexpr size_t kWindow = 12;

}  // namespace

bool ContainsSecret(absl::string_view text, absl::string_view secret) {
  for (size_t at = 0; at + kWindow <= secret.size(); ++at) {
    const absl::string_view window = secret.substr(at, kWindow);
    const std::string hex = absl::BytesToHexString(window);
    std::string web_safe;
    absl::WebSafeBase64Escape(window, &web_safe);
    for (const std::string& shape :
         {std::string(window), hex, absl::AsciiStrToUpper(hex), absl::Base64Escape(window), web_safe}) {
      if (absl::StrContains(text, shape)) return true;
    }
  }
  return false;
}

}  // namespace signet::testing

#include "tests/testing/secret_search.h"

#include <array>
#include <cstddef>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signet::testing {
namespace {

// A multiple of three, so that base64 of a window stands in base64 of everything around it.
constexpr size_t kWindow = 12;
constexpr size_t kShapes = std::size(kSecretShapes);

// As our own log writes it: every byte that is not printable, and no other.
std::string HexEscape(absl::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      text.push_back(c);
    } else {
      absl::StrAppend(&text, "\\x", absl::BytesToHexString(absl::string_view(&c, 1)));
    }
  }
  return text;
}

// In the order of kSecretShapes.
std::array<std::string, kShapes> ShapesOf(absl::string_view window) {
  std::string web_safe;
  absl::WebSafeBase64Escape(window, &web_safe);
  const std::string hex = absl::BytesToHexString(window);
  return {std::string(window),        hex,      absl::AsciiStrToUpper(hex),
          absl::Base64Escape(window), web_safe, HexEscape(window),
          absl::CEscape(window)};
}

}  // namespace

std::vector<std::string> FindSecret(absl::string_view text, absl::string_view secret) {
  std::array<bool, kShapes> found{};
  for (size_t at = 0; at + kWindow <= secret.size(); ++at) {
    const auto shapes = ShapesOf(secret.substr(at, kWindow));
    for (size_t i = 0; i < kShapes; ++i) found[i] = found[i] || absl::StrContains(text, shapes[i]);
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < kShapes; ++i) {
    if (found[i]) names.emplace_back(kSecretShapes[i]);
  }
  return names;
}

bool ContainsSecret(absl::string_view text, absl::string_view secret) {
  return !FindSecret(text, secret).empty();
}

}  // namespace signet::testing

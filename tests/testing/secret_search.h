// FindSecret: whether a text shows a secret, or most of it, in any of the shapes that programs print bytes
// in.
#ifndef SIGNET_TESTS_TESTING_SECRET_SEARCH_H_
#define SIGNET_TESTS_TESTING_SECRET_SEARCH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::testing {

// The shapes that FindSecret knows.
inline constexpr const char* kSecretShapes[] = {"raw",       "hex",         "HEX",          "base64",
                                                "base64url", "hex escapes", "octal escapes"};

// In which shapes `text` holds twelve bytes in a row of `secret` (14 bytes or more): raw, hex of either case,
// standard and web-safe base64 whatever stands around it, and behind backslashes as logs and protobuf write
// it. Pure.
std::vector<std::string> FindSecret(absl::string_view text, absl::string_view secret);

bool ContainsSecret(absl::string_view text, absl::string_view secret);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_SECRET_SEARCH_H_

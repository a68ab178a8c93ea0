// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure.
#ifndef SIGNET_BASE_UTF8_H_
#define SIGNET_BASE_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace signet {

// Bytes of the character that `text` (not empty) begins with, 1 to 4; 0 when it begins with none.
size_t Utf8CharacterBytes(absl::string_view text);

// Whether all of `text` is UTF-8; the empty text is.
bool IsUtf8(absl::string_view text);

}  // namespace signet

#endif  // SIGNET_BASE_UTF8_H_

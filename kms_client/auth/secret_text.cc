#include "kms_client/auth/secret_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace signet::kms {

absl::StatusOr<crypto::SensitiveString> SecretTextOf(const WatchedFile::Content& content,
                                                     const std::string& path) {
  const absl::string_view text = absl::StripAsciiWhitespace(content.bytes.Expose());
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isspace(static_cast<unsigned char>(c)) ||
           absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
  if (text.empty() || odd) {
    return absl::FailedPreconditionError(absl::StrCat(path, " does not hold one word"));
  }
  return crypto::SensitiveString(std::string(text));
}

}  // namespace signet::kms

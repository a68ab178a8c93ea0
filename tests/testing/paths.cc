#include "tests/testing/paths.h"

#include "absl/strings/str_cat.h"

namespace signet::testing {

std::string SourcePath(absl::string_view relative) {
  return relative.empty() ? SIGNET_SOURCE_DIR : absl::StrCat(SIGNET_SOURCE_DIR, "/", relative);
}

std::string ProgramPath(absl::string_view name) { return absl::StrCat(SIGNET_BIN_DIR, "/", name); }

}  // namespace signet::testing

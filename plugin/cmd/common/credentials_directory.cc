#include "plugin/cmd/common/credentials_directory.h"

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace signet {

std::string CredentialsDirectory() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

absl::StatusOr<std::string> SecretPath(const std::string& file, const std::string& credential) {
  if (credential.empty()) return file;
  const std::string directory = CredentialsDirectory();
  if (directory.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "no credential ", credential, ": systemd passed none ($CREDENTIALS_DIRECTORY is not set)"));
  }
  return absl::StrCat(directory, "/", credential);
}

}  // namespace signet

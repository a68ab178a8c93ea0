#include "plugin/cmd/common/credentials_directory.h"

#include <cstdlib>

namespace signet {

std::string CredentialsDirectory() {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

}  // namespace signet

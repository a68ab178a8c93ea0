#include "plugin/cmd/common/credentials_directory.h"

#include <cstdlib>

namespace signet {

std::string CredentialsDirectory() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

}  // namespace signet

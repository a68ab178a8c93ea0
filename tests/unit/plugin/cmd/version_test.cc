#include "plugin/cmd/common/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signet {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(VersionTest, NamesTheCommitThatWasBuilt) {
  EXPECT_THAT(std::string(SignetCommit()), AnyOf(MatchesRegex("[0-9a-f]{40}(-dirty)?"), "unknown"));
}

TEST(VersionTest, GivesEveryLibraryAVersionNumber) {
  for (const LibraryVersion& library : LibraryVersions()) {
    EXPECT_THAT(library.version, MatchesRegex("[0-9]+\\.[0-9.]+")) << std::string(library.name);
  }
}

TEST(VersionTest, PrintsProgramCommitAndLibraries) {
  const std::string text = VersionText("signetd");
  EXPECT_THAT(text, StartsWith("signetd " + std::string(SignetVersion()) + "\ncommit "));
  for (const char* name : {"gRPC", "protobuf", "OpenSSL", "Abseil", "yaml-cpp"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name + " "));
  }
}

}  // namespace
}  // namespace signet

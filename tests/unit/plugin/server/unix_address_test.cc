#include "plugin/server/unix_address.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string PathOf(size_t bytes) { return "/" + std::string(bytes - 1, 'a'); }

TEST(UnixAddressTest, TakesAPathOf107Bytes) {
  ASSERT_OK_AND_ASSIGN(const UnixAddress address, ParseUnixAddress(PathOf(107), false));
  EXPECT_EQ(std::string(address.address.sun_path), PathOf(107));
  EXPECT_EQ(address.size, sizeof(sockaddr_un));
  EXPECT_FALSE(address.abstract);
}

TEST(UnixAddressTest, RefusesAPathOf108BytesNamingBothNumbers) {
  EXPECT_THAT(ParseUnixAddress(PathOf(108), false),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("108"), HasSubstr("107"))));
}

TEST(UnixAddressTest, RefusesEmptyRelativeAndFolderPaths) {
  for (const std::string path : {"", "@", "kms.sock", "./kms.sock", "/run/", "/run/.", "/run/.."}) {
    EXPECT_THAT(ParseUnixAddress(path, true), StatusIs(absl::StatusCode::kInvalidArgument)) << path;
  }
}

TEST(UnixAddressTest, RefusesANulByte) {
  EXPECT_THAT(ParseUnixAddress(absl::string_view("/run\0/x", 7), false),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(UnixAddressTest, RefusesAbstractNamesUnlessAllowed) {
  EXPECT_THAT(ParseUnixAddress("@signet", false),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("allow_abstract")));
}

TEST(UnixAddressTest, AbstractNameStartsWithNulAndEndsWithItsLastByte) {
  ASSERT_OK_AND_ASSIGN(const UnixAddress address, ParseUnixAddress("@signet", true));
  EXPECT_TRUE(address.abstract);
  EXPECT_EQ(address.size, offsetof(sockaddr_un, sun_path) + 7);
  EXPECT_EQ(std::string(address.address.sun_path, 7), std::string("\0signet", 7));
}

TEST(UnixAddressTest, TakesAnAbstractNameOf107Bytes) {
  EXPECT_THAT(ParseUnixAddress("@" + std::string(107, 'n'), true), signet::testing::IsOk());
  EXPECT_THAT(ParseUnixAddress("@" + std::string(108, 'n'), true),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(UnixAddressTest, FolderOfAPath) {
  EXPECT_EQ(FolderOf("/run/signet/kms.sock"), "/run/signet");
  EXPECT_EQ(FolderOf("/kms.sock"), "/");
}

}  // namespace
}  // namespace signet

#include "crypto/openssl_version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signet::crypto {
namespace {

TEST(OpenSslVersionTest, IsOneOfTheThirdMajorVersion) {
  EXPECT_THAT(std::string(OpenSslVersion()), ::testing::MatchesRegex("3\\..*"));
}

}  // namespace
}  // namespace signet::crypto

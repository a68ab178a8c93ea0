#include "kms_client/auth/secret_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/status_matchers.h"

namespace signet::kms {
namespace {

using ::signet::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

WatchedFile::Content Content(const std::string& text) {
  return {crypto::SensitiveString(std::string(text)), 1};
}

TEST(SecretTextTest, DropsBlanksAndLineBreaksAround) {
  for (const char* text : {"s.token", "s.token\n", " s.token\r\n\n"}) {
    ASSERT_OK_AND_ASSIGN(const crypto::SensitiveString secret, SecretTextOf(Content(text), "/file"));
    EXPECT_EQ(secret.Expose(), "s.token");
  }
}

TEST(SecretTextTest, RefusesAllButOneWordAndQuotesNothing) {
  for (const std::string& text : {std::string("\n"), std::string("a b"), std::string("hush\nhush"),
                                  std::string("hush\0", 5) + "x", std::string("hush\x7f")}) {
    EXPECT_THAT(
        SecretTextOf(Content(text), "/file"),
        StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr("/file"), Not(HasSubstr("hush")))));
  }
}

}  // namespace
}  // namespace signet::kms

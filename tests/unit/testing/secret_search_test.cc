#include "tests/testing/secret_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace signet::testing {
namespace {

std::string Secret() {
  std::string secret;
  for (int i = 0; i < 32; ++i) secret.push_back(static_cast<char>(251 - 7 * i));
  return secret;
}

TEST(SecretSearchTest, FindsTheBytesThemselves) {
  EXPECT_TRUE(ContainsSecret("before" + Secret() + "after", Secret()));
}

TEST(SecretSearchTest, FindsHexOfEitherCase) {
  const std::string hex = absl::BytesToHexString(Secret());
  EXPECT_TRUE(ContainsSecret(absl::StrCat("key=", hex), Secret()));
  EXPECT_TRUE(ContainsSecret(absl::StrCat("key=", absl::AsciiStrToUpper(hex)), Secret()));
}

TEST(SecretSearchTest, FindsBase64OfWhateverIsAround) {
  for (const std::string before : {"", "a", "ab", "abc"}) {
    const std::string around = before + Secret() + "and more";
    std::string web_safe;
    absl::WebSafeBase64Escape(around, &web_safe);
    EXPECT_TRUE(ContainsSecret(absl::Base64Escape(around), Secret())) << before.size();
    EXPECT_TRUE(ContainsSecret(web_safe, Secret())) << before.size();
  }
}

TEST(SecretSearchTest, FindsWhatIsEscaped) {
  EXPECT_TRUE(ContainsSecret(absl::StrCat("uid=", absl::CEscape(Secret())), Secret()));
  const std::string unprintable(16, '\x01');
  EXPECT_TRUE(ContainsSecret(absl::CHexEscape(unprintable), unprintable));
}

TEST(SecretSearchTest, NamesTheShapes) {
  std::string unprintable;
  for (int i = 0; i < 16; ++i) unprintable.push_back(static_cast<char>(0xA1 + i));
  const std::string text = absl::StrCat(unprintable, " ", absl::BytesToHexString(unprintable));
  EXPECT_THAT(FindSecret(text, unprintable), ::testing::ElementsAre("raw", "hex"));
}

TEST(SecretSearchTest, FindsAPart) {
  EXPECT_TRUE(ContainsSecret(absl::BytesToHexString(Secret().substr(9, 12)), Secret()));
}

TEST(SecretSearchTest, DoesNotCryWolf) {
  EXPECT_FALSE(ContainsSecret("", Secret()));
  EXPECT_FALSE(ContainsSecret(absl::BytesToHexString(Secret().substr(9, 11)), Secret()));
  std::string other = Secret();
  for (size_t i = 0; i < other.size(); i += 8) other[i] = static_cast<char>(other[i] ^ 1);
  EXPECT_FALSE(ContainsSecret(absl::Base64Escape(other), Secret()));
}

}  // namespace
}  // namespace signet::testing

#include "crypto/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace signet::crypto {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(Base64Test, EncodesTheVectorsOfTheRfc) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foo"), "Zm9v");
  EXPECT_EQ(Base64Encode("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64Encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<char>(i));
    EXPECT_THAT(Base64Decode(Base64Encode(bytes)), Optional(bytes)) << i;
  }
}

TEST(Base64Test, NeverGrowsABufferOfTheSizeThatItNames) {
  const std::vector<uint8_t> bytes(32, 0x5A);
  std::string out;
  out.reserve(Base64Size(bytes.size()));
  const char* const before = out.data();
  AppendBase64(bytes, out);
  EXPECT_EQ(out.data(), before);
  EXPECT_EQ(out.size(), Base64Size(bytes.size()));
}

TEST(Base64Test, RefusesAllButTheOneCanonicalText) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm9 ", "Zm-_",
        "Zh==",  // tail bits set
        "Zm9=",  // tail bits set
        "Z=9v", "=m9v"}) {
    EXPECT_THAT(Base64Decode(text), Eq(std::nullopt)) << text;
  }
}

TEST(Base64Test, RefusesATextOfAnotherSizeThanAskedFor) {
  std::vector<uint8_t> out(2);
  EXPECT_FALSE(Base64Decode("Zm9v", absl::MakeSpan(out)));
  EXPECT_TRUE(Base64Decode("Zm8=", absl::MakeSpan(out)));
}

}  // namespace
}  // namespace signet::crypto

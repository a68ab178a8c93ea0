#include "base/utf8.h"

#include <gtest/gtest.h>

namespace signet {
namespace {

TEST(Utf8Test, CountsTheBytesOfACharacter) {
  EXPECT_EQ(Utf8CharacterBytes("a"), 1u);
  EXPECT_EQ(Utf8CharacterBytes("\xC3\xA9x"), 2u);
  EXPECT_EQ(Utf8CharacterBytes("\xE2\x80\xA6"), 3u);
  EXPECT_EQ(Utf8CharacterBytes("\xF0\x9F\x94\x91"), 4u);
  EXPECT_EQ(Utf8CharacterBytes("\xF4\x8F\xBF\xBF"), 4u);
}

TEST(Utf8Test, RefusesWhatRfc3629Forbids) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xC3x", "\xE2\x80",
                          "\xE2\x80x", "\xF0\x9F\x94"}) {
    EXPECT_EQ(Utf8CharacterBytes(bad), 0u) << bad;
  }
}

TEST(Utf8Test, JudgesWholeTexts) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("key-\xC3\xA9"));
  EXPECT_FALSE(IsUtf8("key-\xC3"));
  EXPECT_FALSE(IsUtf8("\xFFkey"));
}

}  // namespace
}  // namespace signet

#include "plugin/cmd/common/safe_text.h"

#include <gtest/gtest.h>

#include <string>

namespace signet {
namespace {

TEST(SafeTextTest, KeepsPrintableAscii) { EXPECT_EQ(SafeText("local-v1-ab '\"~"), "local-v1-ab '\"~"); }

TEST(SafeTextTest, EscapesWhatCouldMoveACursorOrForgeALine) {
  EXPECT_EQ(SafeText("a\nb\r\t\x1b[2J\\"), "a\\nb\\r\\t\\x1b[2J\\\\");
  EXPECT_EQ(SafeText(std::string("\0\x7f\xff", 3)), "\\x00\\x7f\\xff");
}

TEST(SafeTextTest, CutsLongTextAndSaysSo) { EXPECT_EQ(SafeText("abcdef", 3), "abc…"); }

}  // namespace
}  // namespace signet

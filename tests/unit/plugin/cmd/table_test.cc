#include "plugin/cmd/common/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace signet {
namespace {

TEST(TableTest, AlignsColumnsUnderTheirHeadings) {
  Table table({"VERSION", "STATE"});
  table.AddRow({"1", "disabled"});
  table.AddRow({"12345678", "active"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "VERSION   STATE\n"
            "1         disabled\n"
            "12345678  active\n");
}

TEST(TableTest, PrintsPairsWithoutHeadingsIndentedAndWithoutTrailingBlanks) {
  Table table;
  table.AddRow({"a", ""});
  table.AddRow({"long", "x"});
  std::ostringstream out;
  table.Print(out, 2);
  EXPECT_EQ(out.str(), "  a\n  long  x\n");
}

TEST(TableTest, CountsCodePointsNotBytes) {
  Table table;
  table.AddRow({"…", "x"});
  table.AddRow({"ab", "y"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(), "…   x\nab  y\n");
}

TEST(PrintJsonTest, KeepsTheOrderOfKeysAndEndsTheLine) {
  nlohmann::ordered_json value;
  value["z"] = 1;
  value["a"] = "text";
  std::ostringstream out;
  PrintJson(value, out);
  EXPECT_EQ(out.str(), "{\n  \"z\": 1,\n  \"a\": \"text\"\n}\n");
}

TEST(PrintJsonTest, ReplacesBytesThatAreNotUtf8) {
  nlohmann::ordered_json value;
  value["k"] = "a\xff";
  std::ostringstream out;
  PrintJson(value, out);
  EXPECT_EQ(out.str(), "{\n  \"k\": \"a\xEF\xBF\xBD\"\n}\n");
}

}  // namespace
}  // namespace signet

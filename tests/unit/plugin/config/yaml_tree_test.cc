#include "plugin/config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Problems(absl::string_view text) {
  ConfigProblems problems;
  ParseYaml(text, problems);
  return problems.Explain("f");
}

TEST(YamlTreeTest, KeepsPositionsOfKeysAndValues) {
  ConfigProblems problems;
  const std::optional<YamlNode> root = ParseYaml("a: 1\nb:\n  - x\n  - 'y'\n", problems);
  ASSERT_TRUE(problems.empty()) << problems.Explain("f");
  ASSERT_EQ(root->kind, YamlNode::Kind::kMap);
  EXPECT_EQ(root->keys[0].text, "a");
  EXPECT_EQ(root->keys[1].position, (FilePosition{2, 1}));
  EXPECT_EQ(root->items[0].position, (FilePosition{1, 4}));
  const YamlNode& list = root->items[1];
  ASSERT_EQ(list.kind, YamlNode::Kind::kSequence);
  EXPECT_EQ(list.items[0].position, (FilePosition{3, 5}));
  EXPECT_FALSE(list.items[0].quoted);
  EXPECT_EQ(list.items[1].scalar, "y");
  EXPECT_TRUE(list.items[1].quoted);
}

TEST(YamlTreeTest, ReportsDuplicateKeysAtAnyDepth) {
  EXPECT_EQ(Problems("a: 1\nb: 2\na: 3\n"), "f:3:1: duplicate key \"a\", first in line 1: keep one");
  EXPECT_EQ(Problems("s:\n  - {x: 1, x: 2}\n"), "f:2:12: duplicate key \"x\", first in line 2: keep one");
  EXPECT_EQ(Problems("a: 1\n'a': 2\n"), "f:2:1: duplicate key \"a\", first in line 1: keep one");
}

TEST(YamlTreeTest, ReportsEveryDuplicate) {
  EXPECT_EQ(Problems("a: 1\na: 2\na: {b: 1, b: 2}\n"),
            "f:2:1: duplicate key \"a\", first in line 1: keep one\n"
            "f:3:1: duplicate key \"a\", first in line 1: keep one\n"
            "f:3:11: duplicate key \"b\", first in line 3: keep one");
}

TEST(YamlTreeTest, RefusesAnchorsAliasesAndTags) {
  EXPECT_EQ(Problems("a: &x 1\nb: *x\n"),
            "f:1:4: anchors (&name) are not allowed\nf:2:4: aliases (*name) are not allowed: write it out");
  EXPECT_EQ(Problems("a: &x {b: 1}\n"), "f:1:4: anchors (&name) are not allowed");
  EXPECT_EQ(Problems("a: !!str 1\n"), "f:1:4: tags (!name) are not allowed");
  EXPECT_EQ(Problems("a: !mine [1]\n"), "f:1:4: tags (!name) are not allowed");
}

TEST(YamlTreeTest, RefusesKeysThatAreNotText) {
  EXPECT_EQ(Problems("{a: 1}: 2\n"), "f:1:1: a key must be plain text");
  EXPECT_EQ(Problems("? [a]\n: 2\nb: 1\n"), "f:1:3: a key must be plain text");
  EXPECT_THAT(Problems(": 2\n"), HasSubstr("a key is missing before ':'"));
}

TEST(YamlTreeTest, RefusesASecondDocument) {
  EXPECT_EQ(Problems("a: 1\n---\nb: 1\nb: 2\n"), "f:2:1: a second document: only one is allowed");
}

TEST(YamlTreeTest, LimitsTheDepth) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(Problems(nested(16)), "");
  EXPECT_EQ(Problems(nested(17)), "f:1:17: nested too deeply: at most 16 levels are allowed");
  EXPECT_EQ(Problems(nested(100)), "f:1:17: nested too deeply: at most 16 levels are allowed");
}

TEST(YamlTreeTest, SurvivesNestingThatExhaustsTheParser) {
  EXPECT_THAT(Problems(std::string(60000, '[')), HasSubstr("f:1:"));
  EXPECT_THAT(Problems("a: " + std::string(60000, '[')), HasSubstr("f:1:"));
  EXPECT_THAT(Problems(std::string(60000, '{')), HasSubstr("f:1:"));
  std::string dashes;
  for (int i = 0; i < 20000; ++i) dashes += "- ";
  EXPECT_THAT(Problems(dashes), HasSubstr("nested too deeply"));
}

TEST(YamlTreeTest, ReportsSyntaxErrorsWithTheirPosition) {
  EXPECT_THAT(Problems("a: 1\nb: [1, 2]]\nc: 3\n"), StartsWith("f:2:10: not valid YAML"));
  EXPECT_THAT(Problems("a: 1\n b: 2\n"), HasSubstr("f:2:3: not valid YAML"));
  EXPECT_THAT(Problems("a:\n\t- 1\n"), StartsWith("f:2:2: "));
  EXPECT_THAT(Problems("a: 'open"), HasSubstr("not valid YAML"));
}

TEST(YamlTreeTest, RefusesValuesOverSeveralLines) {
  constexpr char kText[] =
      "a value must end in the line it begins in: is a quote left open, or a line indented too far?";
  for (const char* bad : {"a: 'open\n", "a: \"open\n", "a: 'open\nb: 1\n", "a: 'it''s\n", "a: \"\\\"\n",
                          "a: \"x\ny\"\n", "a: x\n  y\n", "a: |\n  x\n", "a: >\n  x\n"}) {
    EXPECT_EQ(Problems(bad), absl::StrCat("f:1:4: ", kText)) << bad;
  }
  EXPECT_EQ(Problems("a: 'it''s'\nb: \"\\\"\" # text\nc: [x, 'y']\n"), "");
}

TEST(YamlTreeTest, RefusesDirectives) {
  EXPECT_EQ(Problems("%YAML 1.2\n---\na: 1\n"), "f:1:1: directives (%) are not allowed");
}

TEST(YamlTreeTest, RefusesWhatFollowsTheDocument) {
  EXPECT_THAT(Problems("- a\nb: 1\n"), HasSubstr("a second document"));
  EXPECT_THAT(Problems("a: 1\n...\ngarbage: [\n"), HasSubstr("a second document"));
}

TEST(YamlTreeTest, EndsThoughTheParserStandsStillBeforeAStrayComma) {
  EXPECT_THAT(Problems(", b]"), HasSubstr("a second document"));
  EXPECT_THAT(Problems("a: 1\n---\n, b"), HasSubstr("a second document"));
}

TEST(YamlTreeTest, SaysNothingUnprintableOfABrokenText) {
  EXPECT_EQ(Problems("a: \"\\"), "f:1:6: not valid YAML: unknown escape character: ?");
}

TEST(YamlTreeTest, AcceptsWindowsLineEndsButNoLoneCarriageReturn) {
  EXPECT_EQ(Problems("a: 1\r\nb: 'x'\r\n"), "");
  EXPECT_EQ(Problems("a: 1\rb: 2\n"), "f:1:5: a control character");
}

TEST(YamlTreeTest, RefusesControlCharactersAndOtherEncodings) {
  EXPECT_EQ(Problems("a: x\x01y\n"), "f:1:5: a control character");
  EXPECT_EQ(Problems(std::string("a\0:\0", 4)), "f:1:2: a control character");
  EXPECT_EQ(Problems("a: 1\nb: \xff\n"), "f:2:4: not valid UTF-8");
}

TEST(YamlTreeTest, CountsCharactersNotBytesInColumns) {
  EXPECT_EQ(Problems("é: \x7f\n"), "f:1:4: a control character");
  EXPECT_EQ(Problems("é: &x 1\n"), "f:1:4: anchors (&name) are not allowed");
}

TEST(YamlTreeTest, AcceptsAByteOrderMark) {
  EXPECT_EQ(Problems("\xEF\xBB\xBF"
                     "a: 1\n"),
            "");
}

}  // namespace
}  // namespace signet

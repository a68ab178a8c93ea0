// The tree keeps the house rules that can be read off a file; and each rule finds its own breach.
#include "tests/architecture/house_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/architecture/source_tree.h"
#include "tests/testing/paths.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Texts(const std::vector<Violation>& violations) {
  std::vector<std::string> texts;
  for (const Violation& violation : violations) texts.push_back(violation.ToString());
  return texts;
}

std::vector<std::string> Check(absl::string_view path, absl::string_view text) {
  return Texts(CheckHouseRules(MakeSourceFile(path, text)));
}

TEST(HouseRulesTest, TheTreeKeepsThem) {
  std::vector<std::string> found;
  for (const SourceFile& file : ReadSourceTree(testing::SourcePath(""))) {
    for (const Violation& violation : CheckHouseRules(file)) found.push_back(violation.ToString());
  }
  EXPECT_THAT(found, IsEmpty());
}

TEST(HouseRulesTest, EverySourceOfTheTreeIsBuilt) {
  EXPECT_THAT(Texts(CheckEverySourceIsBuilt(ReadSourceTree(testing::SourcePath("")))), IsEmpty());
}

TEST(HouseRulesTest, FindsASourceThatNothingBuilds) {
  const std::vector<SourceFile> tree = {
      MakeSourceFile("base/CMakeLists.txt", "signet_library(base SOURCES clock.cc my_mutex.cc DEPENDS x)\n"),
      MakeSourceFile("base/clock.cc", "\n"), MakeSourceFile("base/mutex.cc", "\n"),
      MakeSourceFile("base/my_mutex.cc", "\n")};
  EXPECT_THAT(Texts(CheckEverySourceIsBuilt(tree)),
              ElementsAre("base/mutex.cc:1: no CMakeLists.txt names this file"));
}

TEST(HouseRulesTest, FindsALongFile) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "int a;\n";
  EXPECT_THAT(Check("base/a.cc", text), IsEmpty());
  EXPECT_THAT(Check("base/a.cc", text + "\n"), ElementsAre(HasSubstr("longer than 400 lines")));
}

TEST(HouseRulesTest, FindsAMissingLineBreak) {
  EXPECT_THAT(Check("base/a.cc", "int a;"), ElementsAre(HasSubstr("no line break")));
}

TEST(HouseRulesTest, FindsAWrongHeaderGuard) {
  constexpr absl::string_view kGood =
      "// What it is for.\n#ifndef SIGNET_BASE_A_B_H_\n#define SIGNET_BASE_A_B_H_\n#endif  // "
      "SIGNET_BASE_A_B_H_\n";
  EXPECT_THAT(Check("base/a_b.h", kGood), IsEmpty());
  EXPECT_THAT(Check("crypto/a_b.h", kGood), ElementsAre(HasSubstr("SIGNET_CRYPTO_A_B_H_")));
  EXPECT_THAT(Check("base/a_b.h", "// What it is for.\n#pragma once\n"),
              ElementsAre(HasSubstr("#pragma once"), HasSubstr("SIGNET_BASE_A_B_H_")));
}

TEST(HouseRulesTest, FindsAHeaderThatDoesNotSayWhatItIsFor) {
  EXPECT_THAT(
      Check("base/a.h", "#ifndef SIGNET_BASE_A_H_\n#define SIGNET_BASE_A_H_\n#endif  // SIGNET_BASE_A_H_\n"),
      ElementsAre(HasSubstr("what it is for")));
}

TEST(HouseRulesTest, FindsUnfinishedWorkInComments) {
  EXPECT_THAT(Check("base/a.cc", "int a;  // TODO: b\n"), ElementsAre(HasSubstr("TODO")));
  EXPECT_THAT(Check("base/a.cc", "const char* a = \"TODO\";\n"), IsEmpty());
}

struct WordCase {
  const char* path;
  const char* line;
  bool allowed;
};
void PrintTo(const WordCase& c, std::ostream* out) { *out << c.path << ": " << c.line; }

class WordRuleTest : public ::testing::TestWithParam<WordCase> {};
TEST_P(WordRuleTest, IsKept) {
  EXPECT_EQ(Check(GetParam().path, absl::StrCat(GetParam().line, "\n")).empty(), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Architecture, WordRuleTest,
    ::testing::Values(WordCase{"base/a.cc", "void F(std::string_view a);", false},
                      WordCase{"base/a.cc", "void F(absl::string_view a);", true},
                      WordCase{"base/a.cc", "// not std::string_view", true},
                      WordCase{"base/a.cc", "auto a = \"std::string_view\";", true},
                      WordCase{"base/a.cc", "auto a = R\"x(std::string_view)\")x\"; absl::Mutex b;", false},
                      WordCase{"base/a.cc", "auto a = '\"'; absl::Mutex b; auto c = '\"';", false},
                      WordCase{"base/a.cc", "auto a = 1'000; absl::Mutex b; auto c = 1'000;", false},
                      WordCase{"base/a.cc", "std::mutex a;", false},
                      WordCase{"base/mutex.cc", "std::mutex a;", false},
                      WordCase{"base/a.cc", "absl::Mutexes a(&b);", true},
                      WordCase{"base/a.cc", "std::system(a);", false},
                      WordCase{"base/a.cc", "int system = backend.system();", true},
                      WordCase{"plugin/hierarchy/a.cc", "absl::Now();", false},
                      WordCase{"tests/unit/a.cc", "absl::Now();", true},
                      WordCase{"tests/unit/a.cc", "std::this_thread::sleep_for(a);", false},
                      WordCase{"plugin/service/a.cc", "std::fprintf(stderr, a);", false},
                      WordCase{"plugin/cmd/signetd/a.cc", "std::fprintf(stderr, a);", true},
                      WordCase{"plugin/server/a.cc", "throw 1;", false},
                      WordCase{"plugin/server/a.cc", "FileSystem system_clock_name;", true},
                      WordCase{"plugin/server/a.cc", "using namespace std;", false}));

}  // namespace
}  // namespace signet::testing

// Every case of the contract is in the table of tests/README.md, and every test that it names exists.
#include "tests/architecture/contract_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "tests/testing/paths.h"

namespace signet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Check(absl::string_view rows, const std::set<std::string>& tests) {
  std::string text(rows);
  // The cases that a test here is not about are owed.
  for (int number = 3; number <= kContractCases; ++number) {
    absl::StrAppend(&text, "| ", number, " | words | owed to issue 99 |\n");
  }
  std::vector<std::string> found;
  for (const Violation& violation : CheckContractTable("README.md", text, tests)) {
    found.push_back(violation.ToString());
  }
  return found;
}

TEST(ContractTableTest, TheTableHoldsForThisTree) {
  const std::string path = "tests/README.md";
  std::ifstream stream(SourcePath(path), std::ios::binary);
  ASSERT_TRUE(stream.good());
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::vector<std::string> found;
  for (const Violation& violation :
       CheckContractTable(path, text, NamesOfTests(ReadSourceTree(SourcePath(""))))) {
    found.push_back(violation.ToString());
  }
  EXPECT_THAT(found, IsEmpty());
}

TEST(ContractTableTest, AcceptsATableThatIsComplete) {
  EXPECT_THAT(Check("| 1 | paths | `ATest.B`, `TestCase01_C` |\n| 2 | bytes | owed to issue 4 |\n",
                    {"ATest.B", "TestCase01_C", "Other.Test"}),
              IsEmpty());
}

TEST(ContractTableTest, FindsATestThatDoesNotExist) {
  EXPECT_THAT(Check("| 1 | paths | `ATest.Gone` |\n| 2 | bytes | owed to issue 4 |\n", {"ATest.B"}),
              ElementsAre("README.md:1: case 1: no test ATest.Gone"));
}

TEST(ContractTableTest, FindsARowWithoutATest) {
  EXPECT_THAT(Check("| 1 | paths | soon |\n| 2 | bytes | owed to issue 4 |\n", {}),
              ElementsAre("README.md:1: case 1: no test"));
}

TEST(ContractTableTest, FindsAMissingAndASecondRow) {
  EXPECT_THAT(Check("| 1 | paths | owed to issue 4 |\n| 1 | paths | owed to issue 4 |\n", {}),
              ElementsAre("README.md:2: case 1: a second row", "README.md:1: case 2: no row"));
}

TEST(ContractTableTest, FindsAGoTestOfACaseThatItsRowLacks) {
  EXPECT_THAT(
      Check("| 1 | paths | `ATest.B` |\n| 2 | bytes | owed to issue 4 |\n", {"ATest.B", "TestCase01_C"}),
      ElementsAre("README.md:1: case 1: the row lacks TestCase01_C"));
}

TEST(ContractTableTest, ReadsTheNamesOfTests) {
  EXPECT_THAT(
      NamesOfTests(
          {MakeSourceFile("a_test.cc",
                          "TEST(A, B) {}\n// TEST(In, Comment)\nTEST_F(C,\n       D) {\nTEST_P(E, F) {\n"),
           MakeSourceFile("a_test.go", "func TestG(t *testing.T) {\nfunc TestMain(m *testing.M) {\n"),
           MakeSourceFile("a.go", "func TestH(t *testing.T) {\n"),
           MakeSourceFile("CMakeLists.txt",
                          "add_test(NAME crash.states COMMAND x)\nsignet_fuzz_target(record SOURCES\n")}),
      UnorderedElementsAre("A.B", "C.D", "E.F", "TestG", "crash.states", "fuzz_replay.record"));
}

}  // namespace
}  // namespace signet::testing

// The table "contract case → test" of tests/README.md, held against the tests that there are.
#ifndef SIGNET_TESTS_ARCHITECTURE_CONTRACT_TABLE_H_
#define SIGNET_TESTS_ARCHITECTURE_CONTRACT_TABLE_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/architecture/source_tree.h"

namespace signet::testing {

// The contract has the cases 1 to 76.
inline constexpr int kContractCases = 76;

// "Suite.Name" of every GoogleTest in .cc files, "TestName" of every Go test in _test.go files, the names
// that CMakeLists.txt files give to commands and fuzz targets ("fuzz_replay.record").
std::set<std::string> NamesOfTests(const std::vector<SourceFile>& tree);

// A row is "| number | words | `test`, `test` or an owed case's reason |". Found are: a case without a row or
// with two, a row that neither names a test nor says "owed", a test that does not exist, and a Go test named
// after a case ("TestCase07_…") that is not in that case's row.
std::vector<Violation> CheckContractTable(absl::string_view path, absl::string_view text,
                                          const std::set<std::string>& tests);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_ARCHITECTURE_CONTRACT_TABLE_H_

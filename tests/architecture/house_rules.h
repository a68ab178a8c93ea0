// The rules of CONTRIBUTING.md that a reader of single files can check.
#ifndef SIGNET_TESTS_ARCHITECTURE_HOUSE_RULES_H_
#define SIGNET_TESTS_ARCHITECTURE_HOUSE_RULES_H_

#include <string>
#include <vector>

#include "tests/architecture/source_tree.h"

namespace signet::testing {

// Length, header guard, opening comment, words and calls that are not ours to use.
std::vector<Violation> CheckHouseRules(const SourceFile& file);

// Sources that no CMakeLists.txt of their folder or of a folder above names: they would never be compiled.
std::vector<Violation> CheckEverySourceIsBuilt(const std::vector<SourceFile>& tree);

// SIGNET_BASE_MUTEX_H_ of base/mutex.h.
std::string HeaderGuard(const std::string& path);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_ARCHITECTURE_HOUSE_RULES_H_

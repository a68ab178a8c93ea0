// Which folder may include which: the picture of ARCHITECTURE.md as a table.
#ifndef SIGNET_TESTS_ARCHITECTURE_INCLUDE_RULES_H_
#define SIGNET_TESTS_ARCHITECTURE_INCLUDE_RULES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tests/architecture/source_tree.h"

namespace signet::testing {

// One `#include` line.
struct Include {
  size_t line;
  std::string path;
};

std::vector<Include> IncludesOf(const SourceFile& file);

// Everything in `file` that the table does not allow: an include against the direction, a library that
// another folder owns, a library that the table does not know, a file in no folder of the table.
std::vector<Violation> CheckIncludes(const SourceFile& file);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_ARCHITECTURE_INCLUDE_RULES_H_

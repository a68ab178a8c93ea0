// Where the tree and its programs are. In one file, so that no test's command line names this checkout and
// ccache can share what two checkouts compile.
#ifndef SIGNET_TESTS_TESTING_PATHS_H_
#define SIGNET_TESTS_TESTING_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace signet::testing {

// The path of a file or folder given relative to the root of the source tree; "" is the root.
std::string SourcePath(absl::string_view relative);

// The path of a program that this build makes.
std::string ProgramPath(absl::string_view name);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_PATHS_H_

// SourceTree: the repository's own source files as text, for the tests that read them instead of running
// them.
#ifndef SIGNET_TESTS_ARCHITECTURE_SOURCE_TREE_H_
#define SIGNET_TESTS_ARCHITECTURE_SOURCE_TREE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::testing {

// A file in three readings of equal length and equal line breaks, blanks in place of what is left out.
struct SourceFile {
  std::string path;  // from the root, with '/'
  std::string text;
  std::string code;      // without comments
  std::string tokens;    // without comments and without the content of literals
  std::string comments;  // nothing but comments

  bool IsCpp() const;
  bool IsHeader() const;
  // "plugin/server" of "plugin/server/accept_loop.cc".
  std::string Folder() const;
};

// Something that a rule does not allow: "path:line: message".
struct Violation {
  std::string path;
  size_t line;
  std::string message;

  std::string ToString() const;
};

// Splits C, C++, Go and proto text into its readings; other text is all code.
SourceFile MakeSourceFile(absl::string_view path, absl::string_view text);

// Every C++, C, proto, Go and CMake file below `root` in the order of the paths. Folders named "build" and
// folders that begin with a dot are not entered.
std::vector<SourceFile> ReadSourceTree(const std::string& root);

// The lines of a reading, numbered from 1: Lines(...)[0] is line 1.
std::vector<absl::string_view> Lines(absl::string_view text);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_ARCHITECTURE_SOURCE_TREE_H_

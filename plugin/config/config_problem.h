// ConfigProblem and ConfigProblems: what is wrong with a configuration file, where, and what would be right.
// Problems are collected, never returned one by one. Not thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_CONFIG_CONFIG_PROBLEM_H_
#define SIGNET_PLUGIN_CONFIG_CONFIG_PROBLEM_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet {

// 1-based, as editors count.
struct FilePosition {
  int line = 1;
  int column = 1;

  // clang-tidy 14 takes the comparison with zero behind it for a null pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  friend auto operator<=>(const FilePosition&, const FilePosition&) = default;
};

struct ConfigProblem {
  FilePosition position;
  std::string field;  // "kms_socket.path", "providers[0].name"; empty where there is no field
  std::string text;   // what is wrong and what would be right; never a secret's value
};

class ConfigProblems {
 public:
  // More are dropped, which ExplainConfigProblems says.
  static constexpr size_t kMaxProblems = 100;

  void Add(FilePosition position, absl::string_view field, absl::string_view text);

  bool empty() const { return problems_.empty(); }
  // In the order found.
  const std::vector<ConfigProblem>& list() const { return problems_; }

  // One line per problem in the order of the file, "name:line:column: field: text", no newline at the end.
  // Fit for a terminal whatever the file holds.
  std::string Explain(absl::string_view file_name) const;

 private:
  std::vector<ConfigProblem> problems_;
  bool overflow_ = false;
};

// `text` cut to 64 bytes, with every byte that is not printable ASCII as '?': a bit of the file, quoted in an
// error message.
std::string QuoteForMessage(absl::string_view text);
// The same without quotes and whole.
std::string Printable(absl::string_view text);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_CONFIG_PROBLEM_H_

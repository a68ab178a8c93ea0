#include "plugin/config/config_problem.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace signet {

void ConfigProblems::Add(FilePosition position, absl::string_view field, absl::string_view text) {
  if (problems_.size() >= kMaxProblems) {
    overflow_ = true;
    return;
  }
  problems_.push_back({position, std::string(field), std::string(text)});
}

std::string ConfigProblems::Explain(absl::string_view file_name) const {
  std::vector<ConfigProblem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) { return a.position < b.position; });
  std::string lines;
  for (const ConfigProblem& problem : sorted) {
    if (!lines.empty()) lines += '\n';
    absl::StrAppend(&lines, file_name, ":", problem.position.line, ":", problem.position.column, ": ");
    if (!problem.field.empty()) absl::StrAppend(&lines, problem.field, ": ");
    lines += problem.text;
  }
  if (overflow_) absl::StrAppend(&lines, "\n", file_name, ": more than ", kMaxProblems, " problems");
  return lines;
}

std::string QuoteForMessage(absl::string_view text) {
  constexpr size_t kMaxBytes = 64;
  return absl::StrCat("\"", Printable(text.substr(0, kMaxBytes)), text.size() > kMaxBytes ? "…\"" : "\"");
}

std::string Printable(absl::string_view text) {
  std::string printable(text);
  for (char& c : printable) {
    if (c < 0x20 || c >= 0x7F) c = '?';
  }
  return printable;
}

}  // namespace signet

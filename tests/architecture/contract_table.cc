#include "tests/architecture/contract_table.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace signet::testing {
namespace {

// The name at the beginning of `text`.
absl::string_view Name(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text[length])) ||
                                  text[length] == '_' || text[length] == '/')) {
    ++length;
  }
  return text.substr(0, length);
}

// Macros like TEST_F( Suite, Name ), which may go over lines.
void AddGoogleTests(absl::string_view tokens, std::set<std::string>& names) {
  for (absl::string_view macro : {"TEST(", "TEST_F(", "TEST_P("}) {
    for (size_t at = tokens.find(macro); at != absl::string_view::npos; at = tokens.find(macro, at + 1)) {
      absl::string_view rest = absl::StripLeadingAsciiWhitespace(tokens.substr(at + macro.size()));
      const absl::string_view suite = Name(rest);
      rest = absl::StripLeadingAsciiWhitespace(rest.substr(suite.size()));
      if (!absl::ConsumePrefix(&rest, ",")) continue;
      const absl::string_view name = Name(absl::StripLeadingAsciiWhitespace(rest));
      if (!suite.empty() && !name.empty()) names.insert(absl::StrCat(suite, ".", name));
    }
  }
}

void AddGoTests(absl::string_view tokens, std::set<std::string>& names) {
  for (absl::string_view line : Lines(tokens)) {
    if (!absl::ConsumePrefix(&line, "func ")) continue;
    const absl::string_view name = Name(line);
    if (absl::StartsWith(name, "Test") && absl::StartsWith(line.substr(name.size()), "(t *testing.T)")) {
      names.insert(std::string(name));
    }
  }
}

// Fuzz targets, whose corpora ctest replays, and tests that are a command.
void AddCMakeTests(absl::string_view text, std::set<std::string>& names) {
  for (absl::string_view line : Lines(text)) {
    if (absl::ConsumePrefix(&line, "signet_fuzz_target(")) {
      names.insert(absl::StrCat("fuzz_replay.", Name(line)));
    } else if (absl::ConsumePrefix(&line, "add_test(NAME ")) {
      names.insert(std::string(line.substr(0, line.find(' '))));
    }
  }
}

struct Row {
  size_t line;
  std::set<std::string> tests;
  bool owed;
};

// What stands between backticks.
std::set<std::string> Quoted(absl::string_view cell) {
  std::set<std::string> quoted;
  const std::vector<absl::string_view> parts = absl::StrSplit(cell, '`');
  for (size_t i = 1; i + 1 < parts.size(); i += 2) quoted.insert(std::string(parts[i]));
  return quoted;
}

}  // namespace

std::set<std::string> NamesOfTests(const std::vector<SourceFile>& tree) {
  std::set<std::string> names;
  for (const SourceFile& file : tree) {
    if (absl::EndsWith(file.path, ".cc")) AddGoogleTests(file.tokens, names);
    if (absl::EndsWith(file.path, "CMakeLists.txt")) AddCMakeTests(file.text, names);
    if (absl::EndsWith(file.path, "_test.go")) AddGoTests(file.tokens, names);
  }
  return names;
}

std::vector<Violation> CheckContractTable(absl::string_view path, absl::string_view text,
                                          const std::set<std::string>& tests) {
  std::vector<Violation> found;
  const auto report = [&](size_t line, std::string message) {
    found.push_back({std::string(path), line, std::move(message)});
  };

  std::map<int, Row> rows;
  const std::vector<absl::string_view> lines = Lines(text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<absl::string_view> cells = absl::StrSplit(lines[i], '|');
    int number = 0;
    if (cells.size() != 5 || !absl::SimpleAtoi(absl::StripAsciiWhitespace(cells[1]), &number)) continue;
    Row row{i + 1, Quoted(cells[3]), absl::StrContains(cells[3], "owed")};
    for (const std::string& test : row.tests) {
      if (tests.count(test) == 0) report(row.line, absl::StrCat("case ", number, ": no test ", test));
    }
    if (row.tests.empty() && !row.owed) report(row.line, absl::StrCat("case ", number, ": no test"));
    if (!rows.emplace(number, std::move(row)).second) {
      report(i + 1, absl::StrCat("case ", number, ": a second row"));
    }
  }

  for (int number = 1; number <= kContractCases; ++number) {
    const auto row = rows.find(number);
    if (row == rows.end()) {
      report(1, absl::StrCat("case ", number, ": no row"));
      continue;
    }
    const std::string prefix = absl::StrFormat("TestCase%02d_", number);
    for (const std::string& test : tests) {
      if (absl::StartsWith(test, prefix) && row->second.tests.count(test) == 0) {
        report(row->second.line, absl::StrCat("case ", number, ": the row lacks ", test));
      }
    }
  }
  return found;
}

}  // namespace signet::testing

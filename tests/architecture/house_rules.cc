#include "tests/architecture/house_rules.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signet::testing {
namespace {

constexpr size_t kMaxLines = 400;

// A word that stands only in the listed files and folders.
struct WordRule {
  absl::string_view word;
  absl::string_view reason;
  std::vector<absl::string_view> allowed_in;
};

const std::vector<WordRule>& WordRules() {
  static const auto* const rules = new std::vector<WordRule>{
      {"std::string_view", "absl::string_view is the one that Debian's Abseil takes", {}},
      {"std::mutex", "use signet::Mutex (base/mutex.h)", {"base/mutex.h"}},
      {"std::shared_mutex", "use signet::Mutex (base/mutex.h)", {}},
      {"std::recursive_mutex", "use signet::Mutex (base/mutex.h)", {}},
      {"std::condition_variable", "use signet::CondVar (base/mutex.h)", {"base/mutex.h"}},
      {"pthread_mutex_t", "use signet::Mutex (base/mutex.h)", {}},
      {"absl::Mutex", "invisible to ThreadSanitizer; use signet::Mutex", {}},
      {"absl::Now", "time comes through Clock", {"base/clock.cc", "tests", "bench"}},
      {"clock_gettime(", "time comes through Clock", {"base/clock.cc", "tests", "bench"}},
      {"gettimeofday(", "time comes through Clock", {}},
      {"system_clock", "time comes through Clock", {"tests", "bench"}},
      {"steady_clock", "time comes through Clock", {"tests", "bench"}},
      {"random_device", "randomness comes through RandomSource", {}},
      {"RAND_bytes", "randomness comes through RandomSource", {"bench"}},
      {"getrandom(", "randomness comes through RandomSource", {"crypto/random.cc", "bench"}},
      {"std::cout", "libraries never log", {"plugin/cmd", "tests", "bench"}},
      {"std::cerr", "libraries never log", {"plugin/cmd", "tests", "bench"}},
      {"printf(", "libraries never log", {"plugin/cmd", "tests", "bench"}},
      {"fprintf(", "libraries never log", {"plugin/cmd", "tests", "bench"}},
      {"perror(", "libraries never log", {"plugin/cmd", "tests", "bench"}},
      {"sleep_for", "wait for the thing itself: PollUntil", {"tests/testing/poll.h"}},
      {"absl::SleepFor", "wait for the thing itself: PollUntil", {"bench"}},
      {"usleep(", "wait for the thing itself: PollUntil", {}},
      {"throw", "errors are absl::Status", {"tests"}},
      {"fork(", "no fork after start", {"tests", "bench"}},
      {"system(", "no shell", {"tests"}},
      {"popen(", "no shell", {"tests"}},
      {"strcpy(", "unbounded", {}},
      {"sprintf(", "unbounded", {}},
      {"using namespace", "name things in full", {}},
      {"#pragma once", "header guards spell the path", {}},
  };
  return *rules;
}

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool HasWord(absl::string_view line, absl::string_view word) {
  for (size_t at = line.find(word); at != absl::string_view::npos; at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    // A member of the same name is another thing.
    const bool starts = at == 0 || (!IsWordCharacter(line[at - 1]) && line[at - 1] != '.');
    const bool ends = end == line.size() || !IsWordCharacter(word.back()) || !IsWordCharacter(line[end]);
    if (starts && ends) return true;
  }
  return false;
}

bool IsAllowed(const std::string& path, const WordRule& rule) {
  return std::any_of(rule.allowed_in.begin(), rule.allowed_in.end(), [&](absl::string_view where) {
    return path == where || absl::StartsWith(path, absl::StrCat(where, "/"));
  });
}

void CheckWords(const SourceFile& file, std::vector<Violation>& violations) {
  const std::vector<absl::string_view> lines = Lines(file.tokens);
  for (const WordRule& rule : WordRules()) {
    if (IsAllowed(file.path, rule)) continue;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!HasWord(lines[i], rule.word)) continue;
      violations.push_back({file.path, i + 1, absl::StrCat(rule.word, ": ", rule.reason)});
    }
  }
}

void CheckComments(const SourceFile& file, std::vector<Violation>& violations) {
  const std::vector<absl::string_view> lines = Lines(file.comments);
  for (size_t i = 0; i < lines.size(); ++i) {
    for (absl::string_view word : {"TODO", "FIXME", "XXX", "HACK"}) {
      if (HasWord(lines[i], word)) {
        violations.push_back({file.path, i + 1, absl::StrCat("do it or write an issue: ", word)});
      }
    }
  }
}

void CheckHeader(const SourceFile& file, std::vector<Violation>& violations) {
  const std::string guard = HeaderGuard(file.path);
  const std::vector<absl::string_view> lines = Lines(file.text);
  if (lines.empty() || !absl::StartsWith(lines[0], "//")) {
    violations.push_back({file.path, 1, "a header opens with what it is for"});
  }
  const auto has_line = [&](const std::string& wanted) {
    return std::find(lines.begin(), lines.end(), wanted) != lines.end();
  };
  if (!has_line(absl::StrCat("#ifndef ", guard)) || !has_line(absl::StrCat("#define ", guard)) ||
      lines.empty() || lines.back() != absl::StrCat("#endif  // ", guard)) {
    violations.push_back({file.path, 1, absl::StrCat("the guard of this header is ", guard)});
  }
}

}  // namespace

std::string HeaderGuard(const std::string& path) {
  std::string guard = absl::StrCat("SIGNET_", absl::AsciiStrToUpper(path), "_");
  for (char& c : guard) {
    if (!IsWordCharacter(c)) c = '_';
  }
  return guard;
}

std::vector<Violation> CheckHouseRules(const SourceFile& file) {
  std::vector<Violation> violations;
  const size_t lines = Lines(file.text).size();
  if (lines > kMaxLines) {
    violations.push_back({file.path, lines, absl::StrCat("longer than ", kMaxLines, " lines")});
  }
  if (!file.text.empty() && file.text.back() != '\n') {
    violations.push_back({file.path, lines, "no line break at the end"});
  }
  CheckComments(file, violations);
  if (file.IsCpp()) CheckWords(file, violations);
  if (file.IsHeader()) CheckHeader(file, violations);
  return violations;
}

std::vector<Violation> CheckEverySourceIsBuilt(const std::vector<SourceFile>& tree) {
  std::vector<Violation> violations;
  for (const SourceFile& file : tree) {
    if (!absl::EndsWith(file.path, ".cc") && !absl::EndsWith(file.path, ".c")) continue;
    const bool built = std::any_of(tree.begin(), tree.end(), [&](const SourceFile& list) {
      if (!absl::EndsWith(list.path, "CMakeLists.txt") && !absl::EndsWith(list.path, ".cmake")) return false;
      const std::string prefix = list.Folder().empty() ? "" : absl::StrCat(list.Folder(), "/");
      if (!absl::StartsWith(file.path, prefix)) {
        return absl::StrContains(list.text, absl::StrCat("/", file.path));
      }
      const std::string name = file.path.substr(prefix.size());
      for (size_t at = list.text.find(name); at != std::string::npos; at = list.text.find(name, at + 1)) {
        const char before = at == 0 ? ' ' : list.text[at - 1];
        if (!IsWordCharacter(before) && before != '/' && before != '-') return true;
      }
      return absl::StrContains(list.text, absl::StrCat("/", file.path));
    });
    if (!built) violations.push_back({file.path, 1, "no CMakeLists.txt names this file"});
  }
  return violations;
}

}  // namespace signet::testing

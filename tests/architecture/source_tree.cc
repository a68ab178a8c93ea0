#include "tests/architecture/source_tree.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signet::testing {
namespace {

bool HasSlashComments(absl::string_view path) {
  for (absl::string_view ending : {".cc", ".h", ".c", ".proto", ".go"}) {
    if (absl::EndsWith(path, ending)) return true;
  }
  return false;
}

bool IsWatched(absl::string_view path) {
  return HasSlashComments(path) || absl::EndsWith(path, ".cmake") || absl::EndsWith(path, "CMakeLists.txt");
}

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Walks the text once and hands every character to one of the kinds.
class Splitter {
 public:
  explicit Splitter(SourceFile& file) : file_(file), text_(file.text) {
    file.code = file.tokens = file.comments = std::string(text_.size(), ' ');
    for (size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\n') file.code[i] = file.tokens[i] = file.comments[i] = '\n';
    }
  }

  void Run() {
    while (at_ < text_.size()) {
      const absl::string_view rest = absl::string_view(text_).substr(at_);
      if (absl::StartsWith(rest, "//")) {
        Comment(rest.find('\n'));
      } else if (absl::StartsWith(rest, "/*")) {
        const size_t end = rest.find("*/", 2);
        Comment(end == absl::string_view::npos ? end : end + 2);
      } else if (absl::StartsWith(rest, "R\"") && (at_ == 0 || !IsWordCharacter(text_[at_ - 1]))) {
        RawString(rest);
      } else if (rest[0] == '"' || rest[0] == '`' || (rest[0] == '\'' && !IsDigitSeparator())) {
        Literal(rest[0]);
      } else {
        Token(1);
      }
    }
  }

 private:
  bool IsDigitSeparator() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0;
  }
  void Take(size_t count, std::string* first, std::string* second) {
    for (const size_t end = std::min(text_.size(), at_ + count); at_ < end; ++at_) {
      if (first != nullptr) (*first)[at_] = text_[at_];
      if (second != nullptr) (*second)[at_] = text_[at_];
    }
  }
  void Token(size_t count) { Take(count, &file_.code, &file_.tokens); }
  void Comment(size_t length) {
    Take(length == std::string::npos ? text_.size() : length, &file_.comments, nullptr);
  }
  void RawString(absl::string_view rest) {
    const size_t open = rest.find('(');
    if (open == absl::string_view::npos) return Token(1);
    const std::string close = absl::StrCat(")", rest.substr(2, open - 2), "\"");
    const size_t end = rest.find(close, open);
    Take(end == absl::string_view::npos ? rest.size() : end + close.size(), &file_.code, nullptr);
  }
  void Literal(char quote) {
    Token(1);
    size_t end = at_;
    while (end < text_.size() && text_[end] != quote && (quote == '`' || text_[end] != '\n')) {
      end += text_[end] == '\\' && quote != '`' ? 2 : 1;
    }
    Take(end - at_, &file_.code, nullptr);
    Token(1);
  }

  SourceFile& file_;
  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

bool SourceFile::IsCpp() const { return absl::EndsWith(path, ".cc") || IsHeader(); }
bool SourceFile::IsHeader() const { return absl::EndsWith(path, ".h"); }

std::string SourceFile::Folder() const {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string Violation::ToString() const { return absl::StrCat(path, ":", line, ": ", message); }

SourceFile MakeSourceFile(absl::string_view path, absl::string_view text) {
  SourceFile file;
  file.path = std::string(path);
  file.text = std::string(text);
  if (HasSlashComments(path)) {
    Splitter(file).Run();
  } else {
    file.code = file.tokens = file.text;
  }
  return file;
}

std::vector<SourceFile> ReadSourceTree(const std::string& root) {
  std::vector<SourceFile> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(root);
       entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory()) {
      if (name == "build" || name[0] == '.') entry.disable_recursion_pending();
      continue;
    }
    if (!IsWatched(name)) continue;
    std::ifstream stream(entry->path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    files.push_back(MakeSourceFile(std::filesystem::relative(entry->path(), root).generic_string(), text));
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<absl::string_view> Lines(absl::string_view text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace signet::testing

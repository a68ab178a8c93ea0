#include "tests/testing/evidence.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "tests/testing/secret_search.h"

namespace signet::testing {

void Evidence::AddText(std::string where, std::string text) {
  texts_.emplace_back(std::move(where), std::move(text));
}

void Evidence::AddTree(const std::string& folder, const std::vector<std::string>& except) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    AddText("a path", path);
    const bool wanted = std::find(except.begin(), except.end(), path) == except.end();
    if (wanted && entry.is_regular_file()) AddText(path, ReadWholeFile(path));
  }
}

void Evidence::AddProcess(absl::string_view name, pid_t pid) {
  for (const char* file : {"cmdline", "environ"}) {
    AddText(absl::StrCat(name, " ", file), ReadWholeFile(absl::StrCat("/proc/", pid, "/", file)));
  }
}

size_t Evidence::bytes() const {
  size_t sum = 0;
  for (const auto& [where, text] : texts_) sum += text.size();
  return sum;
}

std::vector<std::string> Evidence::Find(const std::map<std::string, std::string>& secrets) const {
  std::vector<std::string> findings;
  for (const auto& [where, text] : texts_) {
    for (const auto& [name, secret] : secrets) {
      for (const std::string& shape : FindSecret(text, secret)) {
        findings.push_back(absl::StrCat(where, ": ", name, " as ", shape));
      }
    }
  }
  return findings;
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace signet::testing

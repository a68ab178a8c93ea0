#include "tests/architecture/include_rules.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace signet::testing {
namespace {

using Names = std::set<std::string>;

// A folder's own files are always allowed. The folder of a file is the longest name here that begins its
// path, so kms_client/vault/token.h belongs to kms_client/vault and kms_client/kms_client.h to kms_client.
// "everything" is all folders but tests and bench; "*_observer.h" after a folder allows only those headers.
const std::map<std::string, Names>& AllowedFolders() {
  static const Names backend = {
      "base", "crypto", "kms_client", "kms_client/http", "kms_client/auth", "kms_client/resilience"};
  static const auto* const table = new std::map<std::string, Names>{
      {"base", {}},
      {"crypto", {"base"}},
      {"kms_client", {"base", "crypto"}},
      {"kms_client/http", {"base", "crypto", "kms_client"}},
      {"kms_client/auth", {"base", "crypto", "kms_client", "kms_client/http"}},
      {"kms_client/resilience", {"base", "crypto", "kms_client"}},
      {"kms_client/local", backend},
      {"kms_client/vault", backend},
      {"kms_client/alibaba", backend},
      {"kms_client/aws", backend},
      {"kms_client/gcp", backend},
      {"kms_client/azure", backend},
      {"kms_client/pkcs11", backend},
      {"plugin/hierarchy", {"base", "crypto", "kms_client"}},
      {"plugin/service", {"base", "crypto", "kms_client", "plugin/hierarchy"}},
      {"plugin/server", {"base", "crypto", "kms_client", "plugin/hierarchy", "plugin/service", "proto"}},
      {"plugin/config", {"base"}},
      {"plugin/observability",
       {"base", "crypto/digest.h", "plugin/hierarchy/active_key.h", "kms_client/*_observer.h",
        "kms_client/local/*_observer.h", "plugin/hierarchy/*_observer.h", "plugin/service/*_observer.h",
        "plugin/server/*_observer.h"}},
      {"plugin/etcd", {"base", "crypto"}},
      {"plugin/cmd", {"everything"}},
      {"bench", {"everything", "tests"}},
      {"tests", {"everything", "bench"}},
      {"proto", {}},
  };
  return *table;
}

// Libraries by the first folder of their headers, and who may include them; tests may include all of them,
// bench all but the test framework.
const std::map<std::string, Names>& LibraryOwners() {
  static const auto* const table = new std::map<std::string, Names>{
      {"openssl", {"crypto"}},
      {"curl", {"kms_client/http"}},
      {"p11-kit", {"kms_client/pkcs11"}},
      {"grpc", {"plugin/server", "plugin/cmd"}},
      {"grpcpp", {"plugin/server", "plugin/cmd"}},
      {"google", {"plugin/server", "plugin/cmd"}},  // protobuf
      {"systemd", {"plugin/server", "plugin/cmd"}},
      {"yaml-cpp", {"plugin/config"}},
      {"nlohmann", {"kms_client", "plugin/cmd", "plugin/observability", "plugin/etcd"}},
      {"spdlog", {"plugin/observability", "plugin/cmd"}},
      {"prometheus", {"plugin/observability"}},
      {"CLI", {"plugin/cmd"}},
      {"gtest", {}},
      {"gmock", {}},
      {"benchmark", {}},
  };
  return *table;
}

// Folders of the C library, the kernel and Abseil, open to all.
bool IsOpenToAll(const std::string& first) {
  static const Names open = {"sys", "netinet", "arpa", "linux", "net", "absl"};
  return open.count(first) != 0;
}

bool IsInside(absl::string_view path, absl::string_view folder) {
  return absl::StartsWith(path, folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// Longest match, or "" where the table has no such folder.
std::string FolderInTable(absl::string_view path) {
  std::string best;
  for (const auto& [folder, allowed] : AllowedFolders()) {
    if (IsInside(path, folder) && folder.size() > best.size()) best = folder;
  }
  return best;
}

bool Allows(const std::string& rule, const std::string& include, const std::string& target) {
  if (rule == target || rule == include) return true;
  if (rule == "everything") return target != "tests" && target != "bench";
  absl::string_view folder = rule;
  if (!absl::ConsumeSuffix(&folder, "/*_observer.h")) return false;
  return target == folder && absl::EndsWith(include, "_observer.h");
}

bool MayUseLibrary(const std::string& folder, const std::string& library, const Names& owners) {
  if (folder == "tests") return true;
  if (folder == "bench") return library != "gtest" && library != "gmock";
  return std::any_of(owners.begin(), owners.end(),
                     [&](const std::string& owner) { return IsInside(folder, owner); });
}

// Empty where allowed, else what is wrong.
std::string Judge(const std::string& folder, const std::string& include) {
  const std::string target = FolderInTable(include);
  if (!target.empty()) {
    if (target == folder) return "";
    for (const std::string& rule : AllowedFolders().at(folder)) {
      if (Allows(rule, include, target)) return "";
    }
    return absl::StrCat(folder, " must not include ", include);
  }
  const size_t slash = include.find('/');
  if (slash == std::string::npos) {
    return absl::StartsWith(include, "pkcs11") && folder != "kms_client/pkcs11" && folder != "tests"
               ? absl::StrCat("only kms_client/pkcs11 includes ", include)
               : "";
  }
  if (absl::StartsWith(include, "absl/synchronization/")) {
    return "absl::Mutex is invisible to ThreadSanitizer: use base/mutex.h";
  }
  const std::string first = include.substr(0, slash);
  if (IsOpenToAll(first)) return "";
  const auto library = LibraryOwners().find(first);
  if (library == LibraryOwners().end()) {
    return absl::StrCat("the table of include_rules.cc does not know ", include);
  }
  return MayUseLibrary(folder, first, library->second) ? ""
                                                       : absl::StrCat(folder, " must not include ", include);
}

}  // namespace

std::vector<Include> IncludesOf(const SourceFile& file) {
  std::vector<Include> includes;
  const std::vector<absl::string_view> lines = Lines(file.code);
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::string_view line = absl::StripLeadingAsciiWhitespace(lines[i]);
    if (!absl::ConsumePrefix(&line, "#")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "include")) continue;
    line = absl::StripAsciiWhitespace(line);
    if (line.size() < 2) continue;
    includes.push_back({i + 1, std::string(line.substr(1, line.size() - 2))});
  }
  return includes;
}

std::vector<Violation> CheckIncludes(const SourceFile& file) {
  const std::string folder = FolderInTable(file.path);
  if (folder.empty()) return {{file.path, 1, "the table of include_rules.cc does not know this folder"}};
  std::vector<Violation> violations;
  for (const Include& include : IncludesOf(file)) {
    const std::string message = Judge(folder, include.path);
    if (!message.empty()) violations.push_back({file.path, include.line, message});
  }
  return violations;
}

}  // namespace signet::testing

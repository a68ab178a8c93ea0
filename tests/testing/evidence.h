// Evidence: everything that a run left for others to see, to be searched for secrets.
#ifndef SIGNET_TESTS_TESTING_EVIDENCE_H_
#define SIGNET_TESTS_TESTING_EVIDENCE_H_

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace signet::testing {

// Not thread-safe.
class Evidence {
 public:
  void AddText(std::string where, std::string text);
  // Every file below `folder`, and its path, but for those whose paths are in `except`.
  void AddTree(const std::string& folder, const std::vector<std::string>& except = {});
  // What /proc shows of a running process to those who may look: its arguments and its environment.
  void AddProcess(absl::string_view name, pid_t pid);

  size_t bytes() const;
  // Where secrets (name, bytes) are seen: "<where>: <name> as <shape>", in the order of the evidence.
  std::vector<std::string> Find(const std::map<std::string, std::string>& secrets) const;

 private:
  std::vector<std::pair<std::string, std::string>> texts_;
};

std::string ReadWholeFile(const std::string& path);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_EVIDENCE_H_

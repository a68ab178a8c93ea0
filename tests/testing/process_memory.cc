#include "tests/testing/process_memory.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signet::testing {

bool SameUserMayDump(pid_t pid) {
  const std::string memory = absl::StrCat("/proc/", pid, "/mem");
  const pid_t child = ::fork();
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    // Only system calls: other threads of ours may hold locks.
    ::syscall(SYS_capset, &header, none);
    const bool reads = ::open(memory.c_str(), O_RDONLY | O_CLOEXEC) >= 0;
    // Does not stop the process, unlike PTRACE_ATTACH.
    const bool traces = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
    ::_exit(reads || traces ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 1;
}

bool MemoryHolds(pid_t pid, absl::string_view bytes) {
  constexpr uint64_t kMost = uint64_t{64} << 20;
  std::ifstream maps(absl::StrCat("/proc/", pid, "/maps"));
  std::ifstream memory(absl::StrCat("/proc/", pid, "/mem"), std::ios::binary);
  std::string line;
  while (std::getline(maps, line)) {
    uint64_t from = 0;
    uint64_t to = 0;
    const std::pair<absl::string_view, absl::string_view> range_and_rest =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(range_and_rest.first, '-');
    if (!absl::SimpleHexAtoi(ends.first, &from) || !absl::SimpleHexAtoi(ends.second, &to)) continue;
    if (!absl::StartsWith(range_and_rest.second, "rw") || to - from > kMost) continue;
    std::string content(to - from, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(from));
    memory.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (absl::StrContains(content, bytes)) return true;
  }
  return false;
}

}  // namespace signet::testing

#include <iostream>
#include <string>
#include <vector>

#include "crypto/secure_heap.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/signetctl/signetctl.h"

// Out of memory ends the process. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  // A short-lived tool may go on with a heap that is reserved but not locked; without any it may not.
  const absl::Status heap = signet::crypto::InitializeSecureHeap();
  if (!heap.ok() && heap.code() != absl::StatusCode::kFailedPrecondition) {
    std::cerr << "signetctl: " << std::string(heap.message()) << '\n';
    return signet::kExitUnreachable;
  }
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const int code = signet::ctl::RunSignetctl(arguments, {std::cin, std::cout, std::cerr});
  std::cout.flush();
  return std::cout.good() ? code : signet::kExitUnreachable;
}

#include "plugin/cmd/signetd/process_hardening.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

bool HasIpcLockCapability() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK)) != 0;
}

// The kernel asks for the capability in the first user namespace; one held in another counts for nothing.
bool InInitialUserNamespace() {
  std::ifstream map("/proc/self/uid_map");
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t count = 0;
  return (map >> inside >> outside >> count) && inside == 0 && outside == 0 && count == UINT32_MAX;
}

bool HasNoMemlockLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
  if (limit.rlim_max == RLIM_INFINITY) {
    limit.rlim_cur = RLIM_INFINITY;
    return ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
  }
  return false;
}

}  // namespace

void HardenProcess() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  ::signal(SIGPIPE, SIG_IGN);
}

absl::Status LockAllMemory() {
  if (!HasNoMemlockLimit() && !(HasIpcLockCapability() && InInitialUserNamespace())) {
    return absl::FailedPreconditionError(
        "RLIMIT_MEMLOCK is finite and CAP_IPC_LOCK is missing: set LimitMEMLOCK=infinity or grant the "
        "capability");
  }
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
    return absl::FailedPreconditionError(absl::StrCat("mlockall failed, errno ", errno));
  }
  return absl::OkStatus();
}

}  // namespace signet

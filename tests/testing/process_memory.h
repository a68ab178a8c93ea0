// What others can see of a process's memory.
#ifndef SIGNET_TESTS_TESTING_PROCESS_MEMORY_H_
#define SIGNET_TESTS_TESTING_PROCESS_MEMORY_H_

#include <sys/types.h>

#include "absl/strings/string_view.h"

namespace signet::testing {

// Whether another process of our user, without any capability, may read the process's memory or trace it:
// what gcore and a debugger need.
bool SameUserMayDump(pid_t pid);

// Whether `bytes` stand in the process's memory. Only for those who may look, such as root; does not look at
// what is too large to be its heap.
bool MemoryHolds(pid_t pid, absl::string_view bytes);

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_PROCESS_MEMORY_H_

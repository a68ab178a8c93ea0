// What keeps keys out of core dumps, debuggers and swap. Called once, from main, before threads start.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_PROCESS_HARDENING_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_PROCESS_HARDENING_H_

#include "absl/status/status.h"

namespace signet {

// No core dumps, no ptrace by other processes of our uid, no SIGPIPE. Never fails where it matters: each step
// only gives rights away.
void HardenProcess();

// Locks all memory, now and in future, as it is touched. FAILED_PRECONDITION, and nothing locked: the limit
// on locked memory is finite and CAP_IPC_LOCK is missing. The kernel would agree to lock all the same, and
// let some later allocation fail.
absl::Status LockAllMemory();

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_PROCESS_HARDENING_H_

// The exit codes of every program, so that scripts and probes can tell "no" from "could not ask".
#ifndef SIGNET_PLUGIN_CMD_COMMON_EXIT_CODE_H_
#define SIGNET_PLUGIN_CMD_COMMON_EXIT_CODE_H_

#include "absl/status/status.h"

namespace signet {

inline constexpr int kExitDone = 0;         // yes, or done
inline constexpr int kExitNo = 1;           // the answer is no: unhealthy, a test or a verification failed
inline constexpr int kExitUsage = 2;        // bad arguments, bad input or a bad configuration
inline constexpr int kExitUnreachable = 3;  // the daemon or a file cannot be reached

// For a step that failed before there was an answer: NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE,
// DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED are kExitUnreachable, DATA_LOSS is kExitNo, OK is kExitDone, the
// rest is kExitUsage.
int ExitCodeFor(const absl::Status& status);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_EXIT_CODE_H_

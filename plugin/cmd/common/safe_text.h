// Text from outside (etcd, a daemon, a file) made fit for a terminal or a log line.
#ifndef SIGNET_PLUGIN_CMD_COMMON_SAFE_TEXT_H_
#define SIGNET_PLUGIN_CMD_COMMON_SAFE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace signet {

// Printable ASCII as it is, every other byte and the backslash as an escape (\n, \x1b), so that nothing can
// move a cursor or forge a line. Longer than `max_bytes`: cut there, with "…" behind. Never fails.
std::string SafeText(absl::string_view text, size_t max_bytes = 256);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_SAFE_TEXT_H_

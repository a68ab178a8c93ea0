// A question to whoever is about to do something that cannot be taken back, or that may hurt.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_CONFIRM_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_CONFIRM_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "plugin/cmd/signetctl/command.h"

namespace signet::ctl {

// On a terminal: asks `question` and wants exactly `answer`. INVALID_ARGUMENT: another answer, or no terminal
// to ask on, where a script has to say --yes. Blocks until there is an answer.
absl::Status Confirm(const Streams& streams, absl::string_view question, absl::string_view answer);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_CONFIRM_H_

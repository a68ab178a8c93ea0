// signetctl: the operator's tool, as a function, so that tests run it in-process.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_SIGNETCTL_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_SIGNETCTL_H_

#include <string>
#include <vector>

#include "plugin/cmd/signetctl/command.h"

namespace signet::ctl {

// Parses `arguments` (without the program's name), runs the verb and returns the exit code. Blocks as long
// as the verb does.
int RunSignetctl(const std::vector<std::string>& arguments, const Streams& streams);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_SIGNETCTL_H_

// CommandContext: what every verb of signetctl gets. A verb is one function `Add…Command` (commands.h) that
// declares its options, with help good enough to be the documentation, and sets the action to run.
//
// Verbs write to the streams given, never to std::cout, so that tests run them in-process. One thread.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_COMMAND_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_COMMAND_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace signet::ctl {

struct Streams {
  std::istream& in;
  std::ostream& out;  // the answer, and nothing else
  std::ostream& err;  // everything for people that is not the answer
};

enum class OutputFormat { kTable, kJson };

inline constexpr absl::string_view kDefaultConfigFile = "/etc/signet/signetd.yaml";

// Given before or after the verb.
struct GlobalOptions {
  std::string config = std::string(kDefaultConfigFile);
  bool config_given = false;
  std::string admin_socket;  // empty: as in the configuration
  std::string kms_socket;    // a path, or "@name"; empty: as in the configuration
  OutputFormat output = OutputFormat::kTable;

  bool json() const { return output == OutputFormat::kJson; }
};

struct CommandContext {
  Streams streams;
  GlobalOptions globals;
  // Set by the callback of the verb that was parsed; returns the exit code (common/exit_code.h).
  std::function<int()> action;
};

// Prints "signetctl: <message>" to the error stream and returns `status`'s exit code.
int Fail(const CommandContext& context, const absl::Status& status);

// Behind every verb's help: which exit codes it has and where the global options are told.
std::string HelpFooter(absl::string_view exit_codes);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_COMMAND_H_

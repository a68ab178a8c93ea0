#include "plugin/cmd/signetctl/command.h"

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/exit_code.h"

namespace signet::ctl {

int Fail(const CommandContext& context, const absl::Status& status) {
  context.streams.err << "signetctl: " << std::string(status.message()) << '\n';
  return ExitCodeFor(status);
}

std::string HelpFooter(absl::string_view exit_codes) {
  return absl::StrCat("\nExit codes: ", exit_codes,
                      "\nGlobal options (-o json, --config, --admin-socket, --kms-socket): signetctl --help");
}

}  // namespace signet::ctl

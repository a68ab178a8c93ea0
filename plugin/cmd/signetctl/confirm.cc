#include "plugin/cmd/signetctl/confirm.h"

#include <unistd.h>

#include <iostream>
#include <string>

#include "absl/strings/ascii.h"

namespace signet::ctl {

absl::Status Confirm(const Streams& streams, absl::string_view question, absl::string_view answer) {
  if (&streams.in == &std::cin && ::isatty(STDIN_FILENO) == 0) {
    return absl::InvalidArgumentError("the standard input is no terminal: confirm with --yes");
  }
  streams.err << std::string(question) << " " << std::flush;
  std::string given;
  std::getline(streams.in, given);
  if (absl::StripAsciiWhitespace(given) == answer) return absl::OkStatus();
  return absl::InvalidArgumentError("not confirmed, nothing was done");
}

}  // namespace signet::ctl

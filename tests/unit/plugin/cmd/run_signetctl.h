// RunCtl: runs a verb of signetctl in-process and keeps what it says.
#ifndef SIGNET_TESTS_UNIT_PLUGIN_CMD_RUN_SIGNETCTL_H_
#define SIGNET_TESTS_UNIT_PLUGIN_CMD_RUN_SIGNETCTL_H_

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "plugin/cmd/signetctl/signetctl.h"

namespace signet::ctl {

struct CtlResult {
  int exit_code;
  std::string out;
  std::string err;

  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

inline CtlResult RunCtl(const std::vector<std::string>& arguments, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = RunSignetctl(arguments, {in, out, err});
  return {exit_code, out.str(), err.str()};
}

}  // namespace signet::ctl

#endif  // SIGNET_TESTS_UNIT_PLUGIN_CMD_RUN_SIGNETCTL_H_

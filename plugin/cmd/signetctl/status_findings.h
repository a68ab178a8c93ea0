// What a state of signetd means for the operator who is looking at it at three in the morning: what is wrong,
// and what to do about it. Pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_STATUS_FINDINGS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_STATUS_FINDINGS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

enum class Severity { kProblem, kWarning };

struct Finding {
  Severity severity = Severity::kProblem;
  std::string text;
  std::string action;
};

// The most urgent first; empty when all is well. Text from the state is escaped.
std::vector<Finding> FindProblems(const admin::v1::GetStateResponse& state, absl::Time now);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_STATUS_FINDINGS_H_

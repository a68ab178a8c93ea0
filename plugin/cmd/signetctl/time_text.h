// Times as signetctl shows them. Pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_TIME_TEXT_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_TIME_TEXT_H_

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "absl/time/time.h"

namespace signet::ctl {

absl::Time ToTime(const google::protobuf::Timestamp& timestamp);

// "2026-01-02T03:04:05Z".
std::string TimeText(const google::protobuf::Timestamp& timestamp);

// "3d 4h", "12m 5s", "0s": the two largest units; "-" in front of what lies in the past the wrong way round.
std::string RoughDuration(absl::Duration duration);

// The time, and "(3d 4h ago)" or "(in 3d 4h)" behind it.
std::string TimeAndDistance(const google::protobuf::Timestamp& timestamp, absl::Time now);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_TIME_TEXT_H_

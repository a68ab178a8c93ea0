// What `signetctl wait --for` waits for. Immutable, pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_WAIT_CONDITION_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_WAIT_CONDITION_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/admin/v1/admin.pb.h"

namespace signet::ctl {

class WaitCondition {
 public:
  // "ready", "key-id=K" or "key-id-hash=sha256:H". INVALID_ARGUMENT: anything else.
  static absl::StatusOr<WaitCondition> Parse(absl::string_view text);

  // True for "ready": Encrypt works; for the others: Encrypt works under that key_id.
  bool Holds(const admin::v1::GetStateResponse& state) const;
  // Why it does not, in a few words.
  std::string WhyNot(const admin::v1::GetStateResponse& state) const;

 private:
  WaitCondition(std::string key_id, std::string hash) : key_id_(std::move(key_id)), hash_(std::move(hash)) {}

  std::string key_id_;  // empty: any
  std::string hash_;    // likewise
};

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_WAIT_CONDITION_H_

// SelfTest: one round trip over the KMS socket as kube-apiserver would make it, and a few that must fail.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_SELFTEST_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_SELFTEST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "plugin/cmd/common/daemon_client.h"

namespace signet::ctl {

struct SelfTestStep {
  std::string name;
  bool passed = false;
  std::string detail;  // what was seen; on failure what was wrong
  absl::Duration took;
};

struct SelfTestReport {
  // In order; nothing follows a step that the rest depends on.
  std::vector<SelfTestStep> steps;
  std::string key_id;
  // What every object stores for such an answer; 0 before Encrypt worked.
  size_t bytes_per_object = 0;
  // For selftest_sample.h; empty before Decrypt worked.
  std::string sample;
  // Not OK: the daemon was not reached, or lost on the way; the steps are then incomplete.
  absl::Status reached;

  bool passed() const;
};

// Blocks for six calls of at most `timeout` each. The 32 random bytes that it encrypts protect nothing.
SelfTestReport RunSelfTest(KmsConnection& connection, absl::Duration timeout, const Clock& clock,
                           crypto::RandomSource& random);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_SELFTEST_H_

// CallLoop: round trips over the KMS socket, one after another, with everything counted: what a rotation, a
// restart or an outage does to those who call meanwhile.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_CALL_LOOP_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_CALL_LOOP_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "crypto/random.h"
#include "plugin/cmd/common/daemon_client.h"

namespace signet::ctl {

struct CallLoopReport {
  uint64_t encrypts = 0;
  uint64_t decrypts = 0;
  // Of these calls: an error, no answer, or a Decrypt that answered other bytes.
  uint64_t failures = 0;
  std::string first_failure;
  // Under which Encrypt answered, in that order, each once.
  std::vector<std::string> key_ids;

  bool passed() const { return failures == 0 && encrypts > 0 && decrypts > 0; }
};

// Until `stop` is true, which is asked before every round with how long it may wait: encrypts 32 random
// bytes, decrypts that, and decrypts in turn what was first encrypted under each key_id. Blocks for `timeout`
// at most per call. One that failed is counted and the loop goes on after a short rest.
CallLoopReport RunCallLoop(KmsConnection& connection, absl::Duration timeout, crypto::RandomSource& random,
                           const std::function<bool(absl::Duration)>& stop);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_CALL_LOOP_H_

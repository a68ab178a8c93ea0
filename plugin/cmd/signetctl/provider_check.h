// What `signetctl kms check` finds out about one provider: real calls, one after the other, each with what it
// says and, where it failed, what to change.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_PROVIDER_CHECK_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_PROVIDER_CHECK_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/kms_client.h"
#include "plugin/config/config.h"

namespace signet::ctl {

enum class CheckResult { kPassed, kFailed, kNotTried };

struct CheckLine {
  std::string check;  // "describe", "wrap", "unwrap", "context"
  CheckResult result = CheckResult::kNotTried;
  std::string detail;  // what was found, or the error
  std::string change;  // what to do about a failure; empty where nobody knows
};

struct CheckOptions {
  std::string cluster_id;
  absl::Duration timeout = absl::Seconds(10);  // for each call
  // It is active or in redundancy.also_wrap_with: then it must be able to describe and wrap.
  bool writes = true;
};

// Describes the key, wraps 32 random bytes under it, unwraps them, and has the KMS refuse them under another
// cluster_id; leaves nothing behind. Calls that cannot tell anything after a failure are not tried. Blocks.
std::vector<CheckLine> CheckProvider(kms::KmsClient& client, const ProviderConfig& provider,
                                     const CheckOptions& options, const Clock& clock,
                                     crypto::RandomSource& random);

// Whether none of them failed.
bool AllPassed(const std::vector<CheckLine>& lines);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_PROVIDER_CHECK_H_

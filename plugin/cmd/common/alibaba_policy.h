// The least RAM policies that an `alibaba` provider needs, as Alibaba Cloud reads them. Pure.
#ifndef SIGNET_PLUGIN_CMD_COMMON_ALIBABA_POLICY_H_
#define SIGNET_PLUGIN_CMD_COMMON_ALIBABA_POLICY_H_

#include <string>

#include "plugin/config/config.h"

namespace signet {

struct AlibabaPolicyNeeds {
  // The provider writes: it is the active one or in redundancy.also_wrap_with. Others only decrypt.
  bool writes = true;
  // `signetctl rotate remote` is to work. Through an instance's own gateway it never does.
  bool rotates = false;
};

// For whom the key is used by: indented JSON and a line break.
std::string AlibabaKeyPolicyText(const AlibabaProviderConfig& alibaba, const AlibabaPolicyNeeds& needs);

// For the one who assumes auth.assume_role_arn, with his own access key or instance role. Empty where no role
// is assumed so.
std::string AlibabaAssumePolicyText(const AlibabaProviderConfig& alibaba);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_ALIBABA_POLICY_H_

// The least policy that a `vault` provider's token needs, as HashiCorp Vault and OpenBao write it. Pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_VAULT_POLICY_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_VAULT_POLICY_H_

#include <string>
#include <vector>

#include "plugin/config/config.h"

namespace signet::ctl {

struct VaultPolicyNeeds {
  // The provider writes: it is the active one or in redundancy.also_wrap_with. Others only decrypt.
  bool writes = true;
  // `signetctl rotate remote` is to work.
  bool rotates = false;
};

struct VaultPolicyRule {
  std::string path;
  std::string capability;
  std::string why;  // a few words
};

// What `config` and its switches ask of provider `name`.
VaultPolicyNeeds NeedsOf(const Config& config, const std::string& name);

// One rule per path, in the order they are printed.
std::vector<VaultPolicyRule> VaultPolicyRules(const VaultProviderConfig& vault,
                                              const VaultPolicyNeeds& needs);

// A policy file, with how to install it in comments in front.
std::string VaultPolicyText(const VaultProviderConfig& vault, const VaultPolicyNeeds& needs);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_VAULT_POLICY_H_

#include "plugin/cmd/signetctl/vault_policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace signet::ctl {

VaultPolicyNeeds NeedsOf(const Config& config, const std::string& name) {
  const std::vector<std::string>& also = config.redundancy.also_wrap_with;
  VaultPolicyNeeds needs;
  needs.writes = config.active == name || std::find(also.begin(), also.end(), name) != also.end();
  needs.rotates = config.allow_remote_rotation && config.active == name;
  return needs;
}

std::vector<VaultPolicyRule> VaultPolicyRules(const VaultProviderConfig& vault,
                                              const VaultPolicyNeeds& needs) {
  const auto path = [&vault](const char* action, const char* behind = "") {
    return absl::StrCat(vault.mount, "/", action, "/", vault.key, behind);
  };
  std::vector<VaultPolicyRule> rules;
  if (needs.writes) {
    rules.push_back(
        {path("encrypt"), "update", "wrap new local keys; never `create`, which makes misspelt keys"});
  }
  rules.push_back({path("decrypt"), "update", "unwrap them"});
  if (needs.writes) {
    rules.push_back({path("keys"), "read", "see new versions; only here is told when one was made"});
  }
  if (needs.rotates) {
    rules.push_back({path("keys", "/rotate"), "update", "allow_remote_rotation: `signetctl rotate remote`"});
  }
  rules.push_back({"auth/token/lookup-self", "read", "tell an expired token from a policy that denies"});
  rules.push_back({"auth/token/renew-self", "update", "prolong the token"});
  return rules;
}

std::string VaultPolicyText(const VaultProviderConfig& vault, const VaultPolicyNeeds& needs) {
  const std::string name_space =
      vault.name_space.empty() ? "" : absl::StrCat(" -namespace=", vault.name_space);
  std::string text =
      absl::StrCat("# The least that signetd needs of key ", vault.key, " in ", vault.mount,
                   ". Install it (`vault` takes the same):\n#   signetctl policy vault | bao policy write",
                   name_space, " signet -\n");
  if (!vault.name_space.empty()) {
    absl::StrAppend(&text, "# Written inside namespace ", vault.name_space,
                    ", as above: its paths are relative to it.\n");
  }
  if (!needs.writes) {
    absl::StrAppend(
        &text,
        "# This provider only decrypts. Before it becomes active or wraps besides, print this anew "
        "for that\n# configuration.\n");
  }
  for (const VaultPolicyRule& rule : VaultPolicyRules(vault, needs)) {
    absl::StrAppend(&text, "\n# ", rule.why, "\npath \"", rule.path, "\" {\n  capabilities = [\"",
                    rule.capability, "\"]\n}\n");
  }
  return text;
}

}  // namespace signet::ctl

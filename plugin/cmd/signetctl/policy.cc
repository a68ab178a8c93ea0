// signetctl policy: what a KMS must allow signetd, and nothing more.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/alibaba_policy.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/provider_choice.h"
#include "plugin/cmd/signetctl/vault_policy.h"
#include "plugin/config/config_loader.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] =
    "Print the least policy that the KMS must grant signetd for this configuration\n"
    "Rendered from the provider's settings: mount, key, namespace, whether the provider writes or only\n"
    "decrypts, and allow_remote_rotation. Nothing is contacted.";

constexpr char kVaultDescription[] =
    "For HashiCorp Vault and OpenBao Transit\n"
    "    signetctl policy vault | bao policy write signet -\n"
    "`signetctl kms check` then tells whether the token has it.";

constexpr char kAlibabaDescription[] =
    "For Alibaba Cloud KMS: a RAM policy for whom signetd's access key belongs to\n"
    "    signetctl policy alibaba > policy.json\n"
    "`signetctl kms check` then tells whether the access key has it.";

struct PolicyOptions {
  std::string provider;  // empty: the active one, or the only one of the type
  bool assume = false;
};

nlohmann::ordered_json ToJson(const std::string& provider, const VaultProviderConfig& vault,
                              const VaultPolicyNeeds& needs) {
  nlohmann::ordered_json paths = nlohmann::ordered_json::object();
  for (const VaultPolicyRule& rule : VaultPolicyRules(vault, needs)) {
    paths[rule.path] = {{"capabilities", {rule.capability}}};
  }
  nlohmann::ordered_json json;
  json["provider"] = provider;
  json["namespace"] = vault.name_space;
  // In the form that Vault itself reads.
  json["policy"] = {{"path", paths}};
  return json;
}

int RunVault(const CommandContext& context, const PolicyOptions& options) {
  const absl::StatusOr<Config> config = LoadConfigFile(context.globals.config);
  if (!config.ok()) return Fail(context, config.status());
  const absl::StatusOr<const ProviderConfig*> found = ChooseProvider(*config, "vault", options.provider);
  if (!found.ok()) return Fail(context, found.status());
  const ProviderConfig& provider = **found;
  const VaultPolicyNeeds needs = NeedsOf(*config, provider.name);
  if (context.globals.json()) {
    PrintJson(ToJson(provider.name, *provider.vault, needs), context.streams.out);
  } else {
    context.streams.out << VaultPolicyText(*provider.vault, needs);
  }
  return kExitDone;
}

int RunAlibaba(const CommandContext& context, const PolicyOptions& options) {
  const absl::StatusOr<Config> config = LoadConfigFile(context.globals.config);
  if (!config.ok()) return Fail(context, config.status());
  const absl::StatusOr<const ProviderConfig*> found = ChooseProvider(*config, "alibaba", options.provider);
  if (!found.ok()) return Fail(context, found.status());
  const ProviderConfig& provider = **found;
  const VaultPolicyNeeds needs = NeedsOf(*config, provider.name);
  const std::string policy = options.assume
                                 ? AlibabaAssumePolicyText(*provider.alibaba)
                                 : AlibabaKeyPolicyText(*provider.alibaba, {needs.writes, needs.rotates});
  if (policy.empty()) {
    return Fail(context, absl::InvalidArgumentError(
                             absl::StrCat("provider ", provider.name, " has no auth.assume_role_arn")));
  }
  if (context.globals.json()) {
    nlohmann::ordered_json json;
    json["provider"] = provider.name;
    json["policy"] = nlohmann::ordered_json::parse(policy);
    PrintJson(json, context.streams.out);
  } else {
    context.streams.out << policy;
  }
  return kExitDone;
}

}  // namespace

void AddPolicyCommand(CLI::App& app, CommandContext& context) {
  CLI::App* const policy = app.add_subcommand("policy", kDescription);
  policy->require_subcommand(1);
  auto options = std::make_shared<PolicyOptions>();
  policy
      ->add_option("--provider", options->provider,
                   "Which provider of this type; the active one, or the only one, if not given")
      ->type_name("NAME");
  CLI::App* const vault = policy->add_subcommand("vault", kVaultDescription);
  vault->footer(
      HelpFooter("0 printed, 2 bad arguments or configuration, 3 the configuration cannot be read"));
  CLI::App* const alibaba = policy->add_subcommand("alibaba", kAlibabaDescription);
  alibaba->add_flag("--assume", options->assume,
                    "For who assumes auth.assume_role_arn instead: the owner of the access key or instance");
  alibaba->footer(
      HelpFooter("0 printed, 2 bad arguments or configuration, 3 the configuration cannot be read"));
  alibaba->callback([&context, options] {
    context.action = [&context, options] { return RunAlibaba(context, *options); };
  });
  vault->callback(
      [&context, options] { context.action = [&context, options] { return RunVault(context, *options); }; });
}

}  // namespace signet::ctl

// signetctl kms: the KMS itself, without the daemon.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/kms_provider.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/commands.h"
#include "plugin/cmd/signetctl/provider_check.h"
#include "plugin/cmd/signetctl/timeout_option.h"
#include "plugin/cmd/signetctl/vault_policy.h"
#include "plugin/config/config_loader.h"

namespace signet::ctl {
namespace {

constexpr char kDescription[] = "Ask the KMS itself, with signetd's configuration but without signetd";

constexpr char kCheckDescription[] =
    "Try every configured provider: describe its key, wrap, unwrap, and be refused in another cluster's "
    "name\n"
    "Real calls with this configuration's credentials, one line each; a line that failed says what the KMS\n"
    "answered and what to change. Run it as the user of signetd, whose files it reads, before signetd "
    "starts\n"
    "or beside it: nothing is changed or kept, in the KMS neither.";

constexpr size_t kMaxLineBytes = 600;

struct KmsCheckOptions {
  std::string provider;  // empty: all
  TimeoutOption timeout{.text = "10s"};
};

struct CheckedProvider {
  const ProviderConfig* provider = nullptr;
  std::vector<CheckLine> lines;
};

std::string ResultText(CheckResult result) {
  switch (result) {
    case CheckResult::kPassed:
      return "ok";
    case CheckResult::kFailed:
      return "FAILED";
    case CheckResult::kNotTried:
      break;
  }
  return "not tried";
}

void PrintText(const std::vector<CheckedProvider>& checked, std::ostream& out) {
  Table table({"PROVIDER", "CHECK", "RESULT", ""});
  for (const CheckedProvider& one : checked) {
    for (const CheckLine& line : one.lines) {
      table.AddRow({one.provider->name, line.check, ResultText(line.result),
                    SafeText(line.change.empty() ? line.detail : absl::StrCat(line.detail, "; ", line.change),
                             kMaxLineBytes)});
    }
  }
  table.Print(out);
}

nlohmann::ordered_json ToJson(const std::vector<CheckedProvider>& checked) {
  nlohmann::ordered_json providers = nlohmann::ordered_json::array();
  for (const CheckedProvider& one : checked) {
    nlohmann::ordered_json checks = nlohmann::ordered_json::array();
    for (const CheckLine& line : one.lines) {
      nlohmann::ordered_json json;
      json["check"] = line.check;
      json["result"] = ResultText(line.result);
      json["detail"] = SafeText(line.detail, kMaxLineBytes);
      if (!line.change.empty()) json["change"] = SafeText(line.change, kMaxLineBytes);
      checks.push_back(std::move(json));
    }
    providers.push_back({{"name", one.provider->name},
                         {"type", one.provider->type},
                         {"passed", AllPassed(one.lines)},
                         {"checks", std::move(checks)}});
  }
  nlohmann::ordered_json json;
  json["providers"] = std::move(providers);
  return json;
}

std::vector<CheckLine> CheckOne(const Config& config, const ProviderConfig& provider,
                                absl::Duration timeout) {
  kms::RemoteCallObserver observer;
  const KmsProviderParts parts{SystemClock(), crypto::SystemRandom(), PosixDurableFiles(), nullptr, observer};
  const absl::StatusOr<std::unique_ptr<kms::KmsClient>> client = MakeKmsProvider(provider, parts);
  if (!client.ok()) {
    return {{"settings", CheckResult::kFailed, std::string(client.status().message()), ""}};
  }
  CheckOptions options;
  options.cluster_id = config.cluster_id;
  options.timeout = timeout;
  options.writes = NeedsOf(config, provider.name).writes;
  return CheckProvider(**client, provider, options, SystemClock(), crypto::SystemRandom());
}

int RunCheck(const CommandContext& context, const KmsCheckOptions& options) {
  const absl::StatusOr<Config> config = LoadConfigFile(context.globals.config);
  if (!config.ok()) return Fail(context, config.status());
  if (absl::Status ready = PrepareKmsProviders(config->providers); !ready.ok()) return Fail(context, ready);
  std::vector<CheckedProvider> checked;
  bool passed = true;
  for (const ProviderConfig& provider : config->providers) {
    if (!options.provider.empty() && provider.name != options.provider) continue;
    checked.push_back({&provider, CheckOne(*config, provider, options.timeout.value())});
    passed = passed && AllPassed(checked.back().lines);
  }
  if (checked.empty()) {
    return Fail(context, absl::InvalidArgumentError(
                             absl::StrCat("the configuration has no provider '", options.provider, "'")));
  }
  if (context.globals.json()) {
    PrintJson(ToJson(checked), context.streams.out);
  } else {
    PrintText(checked, context.streams.out);
  }
  return passed ? kExitDone : kExitNo;
}

}  // namespace

void AddKmsCommand(CLI::App& app, CommandContext& context) {
  CLI::App* const kms = app.add_subcommand("kms", kDescription);
  kms->require_subcommand(1);
  auto options = std::make_shared<KmsCheckOptions>();
  CLI::App* const check = kms->add_subcommand("check", kCheckDescription);
  check->add_option("--provider", options->provider, "Only this one; all if not given")->type_name("NAME");
  AddTimeoutOption(*check, options->timeout);
  check->footer(
      HelpFooter("0 all passed, 1 a check failed, 2 bad arguments or configuration, 3 the "
                 "configuration cannot be read"));
  check->callback(
      [&context, options] { context.action = [&context, options] { return RunCheck(context, *options); }; });
}

}  // namespace signet::ctl

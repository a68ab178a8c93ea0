// signetctl keyring init, add, activate, disable, enable.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "crypto/random.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/keyring_verbs.h"

namespace signet::ctl {
namespace {

using nlohmann::ordered_json;

constexpr char kExitCodes[] =
    "0 done, 1 the keyring is damaged, 2 refused or bad arguments, 3 a file cannot be reached";

struct ChangeOptions {
  uint32_t number = 0;
  bool activate = false;
  std::string at;
  std::string label;
};

absl::Time Now() { return SystemClock().Wall(); }

absl::StatusOr<std::optional<absl::Time>> ParseAt(const std::string& text) {
  if (text.empty()) return std::optional<absl::Time>();
  absl::Time time;
  std::string problem;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &problem)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--at: '", text, "' is no RFC 3339 time, such as ", TimeText(Now() + absl::Hours(1))));
  }
  return std::optional<absl::Time>(time);
}

// What became of a version's activation, for people.
std::string ActivationText(uint32_t number, const std::optional<absl::Time>& at) {
  if (!at.has_value()) return absl::StrCat("version ", number, " is active");
  return absl::StrCat("version ", number, " becomes active at ", TimeText(*at));
}

absl::Status Init(const CommandContext& context, const KeyringOptions& keyring_options,
                  const ChangeOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  SIGNET_ASSIGN_OR_RETURN(const kms::Keyring keyring,
                          kms::Keyring::Generate(crypto::SystemRandom(), Now(), options.label));
  SIGNET_RETURN_IF_ERROR(file.Create(keyring));
  if (context.globals.json()) {
    PrintJson(
        ordered_json{{"keyring", file.path()}, {"fingerprint", FingerprintText(keyring)}, {"active", 1}},
        context.streams.out);
  } else {
    context.streams.out << file.path() << ": keyring " << FingerprintText(keyring)
                        << " with version 1, active\n";
  }
  context.streams.err << "Keep a sealed copy apart from the etcd backup (signetctl keyring export): without "
                         "this keyring nothing that is encrypted under it can be read again.\n";
  return absl::OkStatus();
}

absl::Status Add(const CommandContext& context, const KeyringOptions& keyring_options,
                 const ChangeOptions& options) {
  if (!options.at.empty() && !options.activate) {
    return absl::InvalidArgumentError("--at needs --activate");
  }
  SIGNET_ASSIGN_OR_RETURN(const std::optional<absl::Time> at, ParseAt(options.at));
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  uint32_t number = 0;
  const auto change = [&](kms::Keyring& keyring) -> absl::Status {
    SIGNET_ASSIGN_OR_RETURN(number, keyring.Add(crypto::SystemRandom(), Now(), options.label));
    return options.activate ? keyring.Activate(number, at, Now()) : absl::OkStatus();
  };
  SIGNET_RETURN_IF_ERROR(file.Update(change));
  if (context.globals.json()) {
    ordered_json result{{"version", number}, {"activated", options.activate}};
    if (at.has_value()) result["activate_at"] = TimeText(*at);
    PrintJson(result, context.streams.out);
  } else {
    context.streams.out << number << '\n';
  }
  if (options.activate) context.streams.err << ActivationText(number, at) << '\n';
  return absl::OkStatus();
}

absl::Status Activate(const CommandContext& context, const KeyringOptions& keyring_options,
                      const ChangeOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(const std::optional<absl::Time> at, ParseAt(options.at));
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  SIGNET_RETURN_IF_ERROR(
      file.Update([&](kms::Keyring& keyring) { return keyring.Activate(options.number, at, Now()); }));
  if (context.globals.json()) {
    ordered_json result{{"version", options.number}};
    result["activate_at"] = TimeText(at.value_or(Now()));
    PrintJson(result, context.streams.out);
  } else {
    context.streams.out << ActivationText(options.number, at) << '\n';
  }
  return absl::OkStatus();
}

absl::Status SetEnabled(const CommandContext& context, const KeyringOptions& keyring_options, uint32_t number,
                        bool enabled) {
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  bool is_active = false;
  const auto change = [&](kms::Keyring& keyring) -> absl::Status {
    const absl::Time now = Now();
    SIGNET_RETURN_IF_ERROR(enabled ? keyring.Enable(number, now) : keyring.Disable(number, now));
    is_active = keyring.Active(now) == keyring.Find(number);
    return absl::OkStatus();
  };
  SIGNET_RETURN_IF_ERROR(file.Update(change));
  const char* const state = enabled ? "enabled" : "disabled";
  if (context.globals.json()) {
    PrintJson(ordered_json{{"version", number}, {"state", state}, {"active", is_active}},
              context.streams.out);
  } else {
    context.streams.out << "version " << number << " is " << state << '\n';
  }
  if (!enabled && is_active) {
    context.streams.err
        << "It is the active version: writes fail until it is enabled again or another one is "
           "activated.\n";
  }
  return absl::OkStatus();
}

int Finish(const CommandContext& context, const absl::Status& status) {
  return status.ok() ? kExitDone : Fail(context, status);
}

void AddNumber(CLI::App& verb, ChangeOptions& options) {
  verb.add_option("version", options.number, "The version's number")->type_name("N")->required();
}

void AddAt(CLI::App& verb, ChangeOptions& options) {
  verb.add_option("--at", options.at,
                  "When, as RFC 3339, in the future; every node that has the version by then switches "
                  "together")
      ->type_name("TIME");
}

}  // namespace

void AddKeyringChangeVerbs(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& shared) {
  auto options = std::make_shared<ChangeOptions>();
  const auto run = [&context, shared, options](auto function) {
    return [&context, shared, options, function] {
      context.action = [&context, shared, options, function] {
        return Finish(context, function(context, *shared, *options));
      };
    };
  };

  CLI::App* const init = keyring.add_subcommand(
      "init",
      "Make a new keyring with one active version; never overwrites\nThe file is 0600 and sealed if "
      "a passphrase file is given.");
  init->add_option("--label", options->label, "A note on version 1")->type_name("TEXT");
  init->callback(run(&Init));

  CLI::App* const add = keyring.add_subcommand(
      "add", "Add a version that only decrypts until it is activated, and print its number");
  add->add_flag("--activate", options->activate, "Activate it, at once or at the time of --at");
  AddAt(*add, *options);
  add->add_option("--label", options->label, "A note on the version")->type_name("TEXT");
  add->callback(run(&Add));

  CLI::App* const activate = keyring.add_subcommand(
      "activate",
      "Make a version the one that encrypts, now or at a time\nOnly a version newer than the active one: a "
      "key_id never comes back. On several nodes import the\nversion everywhere first.");
  AddNumber(*activate, *options);
  AddAt(*activate, *options);
  activate->callback(run(&Activate));

  CLI::App* const disable = keyring.add_subcommand(
      "disable",
      "Let a version neither encrypt nor decrypt, until enabled again\nA scheduled version that "
      "is disabled is not taken up: the way to call an activation off.");
  AddNumber(*disable, *options);
  disable->callback(run([](const CommandContext& c, const KeyringOptions& k, const ChangeOptions& o) {
    return SetEnabled(c, k, o.number, false);
  }));

  CLI::App* const enable = keyring.add_subcommand("enable", "Undo disable");
  AddNumber(*enable, *options);
  enable->callback(run([](const CommandContext& c, const KeyringOptions& k, const ChangeOptions& o) {
    return SetEnabled(c, k, o.number, true);
  }));

  for (CLI::App* const verb : {init, add, activate, disable, enable}) verb->footer(HelpFooter(kExitCodes));
}

}  // namespace signet::ctl

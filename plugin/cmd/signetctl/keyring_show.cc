// signetctl keyring list, verify.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "crypto/local_kek.h"
#include "crypto/random.h"
#include "kms_client/local/local_blob.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/safe_text.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/keyring_verbs.h"

namespace signet::ctl {
namespace {

using kms::KeyringVersionState;
using nlohmann::ordered_json;

template <typename Array>
std::string Hex(const Array& bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// What the version does now, for people.
std::string RoleText(const kms::KeyringVersion& version, const kms::KeyringVersion* active) {
  if (version.state == KeyringVersionState::kDestroyed) return "destroyed";
  const std::string disabled = version.state == KeyringVersionState::kDisabled ? ", disabled" : "";
  if (&version == active) return absl::StrCat("active", disabled);
  if (!version.activated && version.activate_at.has_value() &&
      (active == nullptr || version.number > active->number)) {
    return absl::StrCat("active from ", TimeText(*version.activate_at), disabled);
  }
  return disabled.empty() ? "decrypts only" : "disabled";
}

ordered_json ToJson(const kms::Keyring& keyring, const kms::KeyringVersion& version) {
  ordered_json json{{"version", version.number},
                    {"id", Hex(version.id)},
                    {"state", std::string(kms::KeyringVersionStateName(version.state))},
                    {"activated", version.activated}};
  if (version.activate_at.has_value()) json["activate_at"] = TimeText(*version.activate_at);
  json["created"] = TimeText(version.created);
  json["state_changed"] = TimeText(version.state_changed);
  json["check_value"] = CheckValueText(keyring, version);
  json["label"] = version.label;
  return json;
}

int List(const CommandContext& context, const KeyringOptions& keyring_options) {
  absl::StatusOr<kms::KeyringFile> file = FindKeyring(context.globals, keyring_options);
  if (!file.ok()) return Fail(context, file.status());
  const absl::StatusOr<kms::Keyring> keyring = file->Load();
  if (!keyring.ok()) return Fail(context, keyring.status());
  const kms::KeyringVersion* const active = keyring->Active(SystemClock().Wall());
  std::ostream& out = context.streams.out;
  if (context.globals.json()) {
    ordered_json json{{"keyring", file->path()},
                      {"keyring_id", Hex(keyring->id())},
                      {"fingerprint", FingerprintText(*keyring)},
                      {"sealed", file->sealed()},
                      {"revision", keyring->revision()},
                      {"created", TimeText(keyring->created())}};
    json["active"] = active == nullptr ? ordered_json() : ordered_json(active->number);
    json["versions"] = ordered_json::array();
    for (const kms::KeyringVersion& version : keyring->versions()) {
      json["versions"].push_back(ToJson(*keyring, version));
    }
    PrintJson(json, out);
    return kExitDone;
  }
  out << file->path() << ": keyring " << FingerprintText(*keyring) << ", revision " << keyring->revision()
      << (file->sealed() ? ", sealed" : ", not sealed") << '\n';
  Table table({"VERSION", "ROLE", "CREATED", "CHECK", "LABEL"});
  for (const kms::KeyringVersion& version : keyring->versions()) {
    table.AddRow({absl::StrCat(version.number), RoleText(version, active), TimeText(version.created),
                  CheckValueText(*keyring, version), SafeText(version.label)});
  }
  table.Print(out);
  return kExitDone;
}

// Seals and opens a random key.
absl::Status TryVersion(const kms::Keyring& keyring, const kms::KeyringVersion& version) {
  const kms::WrapContext check{"signetctl.keyring.verify"};
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes plaintext,
                          crypto::GenerateLocalKek(crypto::SystemRandom()));
  SIGNET_ASSIGN_OR_RETURN(const std::string blob,
                          kms::SealLocalBlob(keyring, version, plaintext, check, crypto::SystemRandom()));
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes opened,
                          kms::OpenLocalBlob(keyring, version, blob, check));
  return opened == plaintext ? absl::OkStatus() : absl::DataLossError("opened to something else");
}

int Verify(const CommandContext& context, const KeyringOptions& keyring_options) {
  absl::StatusOr<kms::KeyringFile> file = FindKeyring(context.globals, keyring_options);
  if (!file.ok()) return Fail(context, file.status());
  const absl::StatusOr<kms::Keyring> keyring = file->Load();
  if (!keyring.ok()) return Fail(context, keyring.status());
  bool good = true;
  Table table({"VERSION", "RESULT"});
  ordered_json results = ordered_json::array();
  const auto report = [&](uint32_t number, const std::string& text) {
    table.AddRow({absl::StrCat(number), text});
    results.push_back({{"version", number}, {"result", text}});
  };
  for (const kms::KeyringVersion& version : keyring->versions()) {
    if (version.state != KeyringVersionState::kEnabled) {
      report(version.number, std::string(kms::KeyringVersionStateName(version.state)));
      continue;
    }
    const absl::Status tried = TryVersion(*keyring, version);
    good = good && tried.ok();
    report(version.number, tried.ok() ? "ok" : SafeText(tried.message()));
  }
  std::string problem;
  const kms::KeyringVersion* const active = keyring->Active(SystemClock().Wall());
  if (active == nullptr) {
    problem = "no version is active";
  } else if (active->state != KeyringVersionState::kEnabled) {
    problem = absl::StrCat("the active version ", active->number, " is ",
                           kms::KeyringVersionStateName(active->state));
  }
  good = good && problem.empty();
  if (context.globals.json()) {
    ordered_json json{{"keyring", file->path()}, {"ok", good}, {"versions", results}};
    if (!problem.empty()) json["problem"] = problem;
    PrintJson(json, context.streams.out);
  } else {
    table.Print(context.streams.out);
    if (!problem.empty()) context.streams.out << problem << '\n';
  }
  return good ? kExitDone : kExitNo;
}

}  // namespace

void AddKeyringShowVerbs(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& shared) {
  CLI::App* const list = keyring.add_subcommand(
      "list", "Show the versions, which one is active, and check values to compare nodes by");
  list->footer(HelpFooter("0 shown, 1 the keyring is damaged, 2 bad arguments, 3 it cannot be read"));
  list->callback(
      [&context, shared] { context.action = [&context, shared] { return List(context, *shared); }; });
  CLI::App* const verify = keyring.add_subcommand(
      "verify", "Check the file and encrypt and decrypt something with every enabled version");
  verify->footer(HelpFooter(
      "0 all is well, 1 the keyring is damaged or its active version cannot encrypt, 2 bad arguments,\n"
      "3 it cannot be read"));
  verify->callback(
      [&context, shared] { context.action = [&context, shared] { return Verify(context, *shared); }; });
}

}  // namespace signet::ctl

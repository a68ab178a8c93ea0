// signetctl keyring export, import.
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "base/status_macros.h"
#include "crypto/random.h"
#include "crypto/sensitive_string.h"
#include "kms_client/local/keyring_codec.h"
#include "kms_client/local/keyring_merge.h"
#include "plugin/cmd/common/exit_code.h"
#include "plugin/cmd/common/table.h"
#include "plugin/cmd/signetctl/keyring_verbs.h"

namespace signet::ctl {
namespace {

using nlohmann::ordered_json;

struct CopyOptions {
  std::string file;
  std::string copy_passphrase_file;
};

absl::Status AtPath(const absl::Status& status, const std::string& path) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<kms::Keyring> LoadCopy(const CopyOptions& options) {
  const std::string path = AbsolutePath(options.file);
  DurableFiles& files = PosixDurableFiles();
  // A sealed copy protects itself, so its mode may be what a transfer made of it.
  absl::StatusOr<std::string> read = files.Read(path, {kms::kMaxKeyringFileBytes, false});
  if (!read.ok()) return read.status();
  const crypto::SensitiveString bytes(*std::move(read));
  const absl::StatusOr<kms::KeyringFileParts> parts = kms::ParseKeyringFile(bytes.Expose());
  if (!parts.ok()) return AtPath(parts.status(), path);
  if (!parts->seal.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": not sealed; make a copy with signetctl keyring export"));
  }
  kms::SealKeeper keeper(kms::SealSource::PassphraseFile(AbsolutePath(options.copy_passphrase_file)));
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes* const key, keeper.KeyFor(*parts->seal, files));
  absl::StatusOr<kms::Keyring> keyring = kms::DecodeKeyring(*parts, key);
  if (!keyring.ok()) return AtPath(keyring.status(), path);
  return keyring;
}

absl::Status Export(const CommandContext& context, const KeyringOptions& keyring_options,
                    const CopyOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  SIGNET_ASSIGN_OR_RETURN(kms::Keyring keyring, file.Load());
  const std::string path = AbsolutePath(options.file);
  if (struct stat info{}; ::lstat(path.c_str(), &info) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(path, ": exists, and is never overwritten"));
  }
  keyring.Latch(SystemClock().Wall());
  crypto::RandomSource& random = crypto::SystemRandom();
  DurableFiles& files = PosixDurableFiles();
  kms::SealKeeper keeper(kms::SealSource::PassphraseFile(AbsolutePath(options.copy_passphrase_file)));
  SIGNET_ASSIGN_OR_RETURN(const kms::SealParameters parameters, keeper.ParametersForWriting(random));
  SIGNET_ASSIGN_OR_RETURN(const crypto::SecretBytes* const key, keeper.KeyFor(parameters, files));
  SIGNET_ASSIGN_OR_RETURN(const crypto::SensitiveString bytes,
                          kms::EncodeSealedKeyring(keyring, parameters, *key, random));
  SIGNET_RETURN_IF_ERROR(files.Replace(path, bytes.Expose(), 0600));
  if (context.globals.json()) {
    PrintJson(ordered_json{{"file", path},
                           {"fingerprint", FingerprintText(keyring)},
                           {"versions", keyring.versions().size()}},
              context.streams.out);
  } else {
    context.streams.out << path << ": sealed copy of keyring " << FingerprintText(keyring) << " with "
                        << keyring.versions().size() << " versions\n";
  }
  return absl::OkStatus();
}

bool Has(const std::vector<uint32_t>& numbers, uint32_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

std::string ResultText(const kms::KeyringMergeReport& report, const kms::KeyringVersion& version) {
  std::vector<std::string> parts = {Has(report.added, version.number) ? "added" : "known"};
  if (Has(report.scheduled, version.number)) {
    parts.push_back(absl::StrCat("becomes active at ", TimeText(*version.activate_at)));
  }
  if (Has(report.not_activated, version.number)) parts.push_back("NOT activated");
  if (Has(report.stays_destroyed, version.number)) parts.push_back("stays destroyed");
  if (Has(report.destroyed_there, version.number)) parts.push_back("destroyed there, not here");
  if (Has(report.state_differs, version.number)) {
    parts.push_back(absl::StrCat("stays ", kms::KeyringVersionStateName(version.state)));
  }
  return absl::StrJoin(parts, ", ");
}

void Show(const CommandContext& context, const kms::KeyringFile& file, const kms::Keyring& keyring,
          const kms::KeyringMergeReport& report) {
  Table table({"VERSION", "CHECK", "RESULT"});
  ordered_json versions = ordered_json::array();
  for (const kms::KeyringVersion& version : keyring.versions()) {
    const std::string check = CheckValueText(keyring, version);
    const std::string result = ResultText(report, version);
    table.AddRow({absl::StrCat(version.number), check, result});
    versions.push_back({{"version", version.number}, {"check_value", check}, {"result", result}});
  }
  if (context.globals.json()) {
    PrintJson(ordered_json{{"keyring", file.path()},
                           {"fingerprint", FingerprintText(keyring)},
                           {"not_activated", report.not_activated},
                           {"versions", versions}},
              context.streams.out);
  } else {
    context.streams.out << file.path() << ": keyring " << FingerprintText(keyring) << '\n';
    table.Print(context.streams.out);
  }
  for (const uint32_t number : report.not_activated) {
    context.streams.err
        << "Version " << number
        << " decrypts here but was not activated: its activation has passed already, and only "
           "you know which nodes have it.\nOnce every node has imported it, run on this one: "
           "signetctl keyring activate "
        << number << '\n';
  }
}

absl::StatusOr<kms::KeyringMergeReport> Import(const CommandContext& context,
                                               const KeyringOptions& keyring_options,
                                               const CopyOptions& options) {
  SIGNET_ASSIGN_OR_RETURN(kms::KeyringFile file, FindKeyring(context.globals, keyring_options));
  SIGNET_ASSIGN_OR_RETURN(kms::Keyring copy, LoadCopy(options));
  const absl::Time now = SystemClock().Wall();
  kms::KeyringMergeReport report;
  if (struct stat info{}; ::lstat(file.path().c_str(), &info) != 0) {
    report = kms::AdoptKeyring(now, copy);
    SIGNET_RETURN_IF_ERROR(file.Create(copy));
    Show(context, file, copy, report);
    return report;
  }
  const auto merge = [&](kms::Keyring& keyring) -> absl::Status {
    SIGNET_ASSIGN_OR_RETURN(report, kms::MergeKeyring(copy, now, keyring));
    return absl::OkStatus();
  };
  SIGNET_RETURN_IF_ERROR(file.Update(merge));
  SIGNET_ASSIGN_OR_RETURN(const kms::Keyring merged, file.Load());
  Show(context, file, merged, report);
  return report;
}

}  // namespace

void AddKeyringCopyVerbs(CLI::App& keyring, CommandContext& context, const SharedKeyringOptions& shared) {
  auto options = std::make_shared<CopyOptions>();
  CLI::App* const export_verb = keyring.add_subcommand(
      "export",
      "Write a sealed copy, for the other nodes or for safe keeping\nThe copy has a passphrase of its own; "
      "keys never leave unsealed. Schedules travel with it.");
  export_verb->add_option("--sealed", options->file, "The file to write; never overwritten")
      ->type_name("FILE")
      ->required();
  CLI::App* const import_verb = keyring.add_subcommand(
      "import",
      "Merge a sealed copy into this node's keyring, or make the keyring from it\nThe same keyring only; "
      "conflicts change nothing. What it brings decrypts at once. A schedule is\ntaken over while it lies in "
      "the future; what is active elsewhere by now is not activated here by\nitself. Compare the fingerprint "
      "and the check values with signetctl keyring list there.");
  import_verb->add_option("file", options->file, "A file that export wrote")->type_name("FILE")->required();
  for (CLI::App* const verb : {export_verb, import_verb}) {
    verb->add_option("--copy-passphrase-file", options->copy_passphrase_file,
                     "The passphrase of the copy (0600, 8 to 1,024 bytes, one newline at its end is ignored)")
        ->type_name("FILE")
        ->required();
  }
  export_verb->footer(HelpFooter(
      "0 written, 1 the keyring is damaged, 2 refused or bad arguments, 3 a file cannot be reached"));
  import_verb->footer(HelpFooter(
      "0 done, 1 a version was taken in but not activated, or a file is damaged, 2 conflict or bad\n"
      "arguments, 3 a file cannot be reached"));
  export_verb->callback([&context, shared, options] {
    context.action = [&context, shared, options] {
      const absl::Status status = Export(context, *shared, *options);
      return status.ok() ? kExitDone : Fail(context, status);
    };
  });
  import_verb->callback([&context, shared, options] {
    context.action = [&context, shared, options] {
      const absl::StatusOr<kms::KeyringMergeReport> report = Import(context, *shared, *options);
      if (!report.ok()) return Fail(context, report.status());
      return report->not_activated.empty() ? kExitDone : kExitNo;
    };
  });
}

}  // namespace signet::ctl

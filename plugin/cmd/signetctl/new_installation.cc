#include "plugin/cmd/signetctl/new_installation.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "kms_client/local/keyring.h"
#include "kms_client/local/keyring_file.h"
#include "plugin/cmd/signetctl/keyring_location.h"
#include "plugin/config/config_loader.h"

namespace signet::ctl {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kConfigMode = 0600;
constexpr size_t kRandomIdBytes = 8;

bool Exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// Removes what was made, newest first, unless it is kept.
class Rollback {
 public:
  Rollback() = default;
  ~Rollback() {
    // Not recursive: nothing goes that we did not make. Fails harmlessly on what was never made.
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) ::remove(path->c_str());
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

  void Add(const std::string& path) { made_.push_back(path); }
  void Keep() { made_.clear(); }

 private:
  std::vector<std::string> made_;
};

absl::Status MakeFolder(const std::string& path, DurableFiles& files, Rollback& rollback) {
  SIGNET_RETURN_IF_ERROR(files.MakeFolder(path, kFolderMode));
  rollback.Add(path);
  return absl::OkStatus();
}

// In single quotes, which need no escapes but for themselves.
std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string ConfigText(const Installation& installation, const std::string& passphrase_file) {
  std::string text = absl::StrCat(
      "# signetd's configuration, made by: signetctl init\n"
      "# Check after changes: signetd --check-config --config ",
      installation.config_file,
      "\n\n"
      "# LOSING THE cluster_id LOSES THE DATA: keep it with the etcd backup, the same on every node.\n"
      "cluster_id: ",
      installation.cluster_id, "\nstate_directory: ", Quoted(installation.state_directory),
      "\nactive: primary\n"
      "providers:\n"
      "  - name: primary\n"
      "    local:\n"
      "      keyring: ",
      Quoted(installation.keyring), "\n");
  if (!passphrase_file.empty())
    absl::StrAppend(&text, "      passphrase_file: ", Quoted(passphrase_file), "\n");
  absl::StrAppend(&text, "kms_socket:\n  path: ", Quoted(installation.kms_socket),
                  "\nadmin_socket:\n  path: ", Quoted(installation.admin_socket), "\n");
  return text;
}

absl::StatusOr<std::string> RandomClusterId(crypto::RandomSource& random) {
  std::array<uint8_t, kRandomIdBytes> bytes{};
  SIGNET_RETURN_IF_ERROR(random.Fill(absl::MakeSpan(bytes)));
  return absl::StrCat("signet-", absl::BytesToHexString(absl::string_view(
                                     reinterpret_cast<const char*>(bytes.data()), bytes.size())));
}

absl::StatusOr<Installation> Plan(const InstallationOptions& options, crypto::RandomSource& random) {
  if (options.folder.empty()) return absl::InvalidArgumentError("--dir: is empty");
  std::string folder = AbsolutePath(options.folder);
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  Installation plan;
  plan.cluster_id = options.cluster_id;
  if (plan.cluster_id.empty()) {
    SIGNET_ASSIGN_OR_RETURN(plan.cluster_id, RandomClusterId(random));
  }
  plan.config_file = folder + "/signetd.yaml";
  plan.keyring = folder + "/keyring";
  plan.state_directory = folder + "/state";
  plan.kms_socket = folder + "/kms.sock";
  plan.admin_socket = folder + "/admin.sock";
  return plan;
}

absl::Status RefuseToOverwrite(const Installation& plan) {
  for (const std::string& path : {plan.config_file, plan.keyring, plan.state_directory}) {
    if (!Exists(path)) continue;
    return absl::AlreadyExistsError(
        absl::StrCat(path, ": exists, and nothing is ever overwritten: choose another folder"));
  }
  return absl::OkStatus();
}

// Returns its fingerprint.
absl::StatusOr<std::string> MakeKeyring(const std::string& path, const std::string& passphrase_file,
                                        const Clock& clock, crypto::RandomSource& random, DurableFiles& files,
                                        Rollback& rollback) {
  const kms::SealSource seal =
      passphrase_file.empty() ? kms::SealSource() : kms::SealSource::PassphraseFile(passphrase_file);
  SIGNET_ASSIGN_OR_RETURN(const kms::Keyring keyring, kms::Keyring::Generate(random, clock.Wall()));
  kms::KeyringFile file(path, seal, files, random);
  if (!Exists(path + ".lock")) rollback.Add(path + ".lock");
  SIGNET_RETURN_IF_ERROR(file.Create(keyring));
  rollback.Add(path);
  return FingerprintText(keyring);
}

}  // namespace

absl::StatusOr<Installation> CreateInstallation(const InstallationOptions& options, const Clock& clock,
                                                crypto::RandomSource& random, DurableFiles& files) {
  SIGNET_ASSIGN_OR_RETURN(Installation plan, Plan(options, random));
  const std::string passphrase_file =
      options.passphrase_file.empty() ? "" : AbsolutePath(options.passphrase_file);
  const std::string text = ConfigText(plan, passphrase_file);
  // Before anything is made: long paths, odd characters and a bad cluster_id show here.
  if (const absl::StatusOr<Config> config = LoadConfigText("signetd.yaml", text); !config.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("these options would make a bad configuration:\n", config.status().message()));
  }
  SIGNET_RETURN_IF_ERROR(RefuseToOverwrite(plan));

  Rollback rollback;
  const std::string folder = std::filesystem::path(plan.config_file).parent_path().string();
  if (!Exists(folder)) SIGNET_RETURN_IF_ERROR(MakeFolder(folder, files, rollback));
  if (options.with_keyring) {
    SIGNET_ASSIGN_OR_RETURN(plan.key_fingerprint,
                            MakeKeyring(plan.keyring, passphrase_file, clock, random, files, rollback));
  }
  SIGNET_RETURN_IF_ERROR(MakeFolder(plan.state_directory, files, rollback));
  SIGNET_RETURN_IF_ERROR(files.Replace(plan.config_file, text, kConfigMode));
  rollback.Keep();
  return plan;
}

}  // namespace signet::ctl

#include "plugin/cmd/signetctl/keyring_location.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/durable_files.h"
#include "base/status_macros.h"
#include "crypto/random.h"
#include "plugin/cmd/common/local_provider.h"
#include "plugin/config/config_loader.h"

namespace signet::ctl {
namespace {

absl::StatusOr<LocalProviderConfig> FindProvider(const Config& config, const std::string& name) {
  const ProviderConfig* only = nullptr;
  size_t local = 0;
  for (const ProviderConfig& provider : config.providers) {
    if (!provider.local.has_value()) continue;
    ++local;
    only = &provider;
    if (provider.name == (name.empty() ? config.active : name)) return *provider.local;
  }
  if (!name.empty()) {
    return absl::NotFoundError(absl::StrCat("the configuration has no local provider '", name, "'"));
  }
  if (local == 1) return *only->local;
  return absl::NotFoundError(local == 0 ? "the configuration has no local provider"
                                        : "the active provider is not local: name one by --provider");
}

}  // namespace

absl::StatusOr<kms::KeyringFile> FindKeyring(const GlobalOptions& globals, const KeyringOptions& options) {
  if (!options.keyring.empty() && (globals.config_given || !options.provider.empty())) {
    return absl::InvalidArgumentError("--keyring excludes --config and --provider");
  }
  kms::LocalKmsOptions found;
  if (!options.keyring.empty()) {
    found.keyring = AbsolutePath(options.keyring);
  } else {
    SIGNET_ASSIGN_OR_RETURN(const Config config, LoadConfigFile(globals.config));
    SIGNET_ASSIGN_OR_RETURN(LocalProviderConfig local, FindProvider(config, options.provider));
    // Where the configuration names a systemd credential, which only the daemon is passed.
    if (!options.passphrase_file.empty()) local.passphrase_credential.clear();
    SIGNET_ASSIGN_OR_RETURN(found, MakeLocalKmsOptions(local));
  }
  if (!options.passphrase_file.empty()) {
    found.seal = kms::SealSource::PassphraseFile(AbsolutePath(options.passphrase_file));
  }
  return kms::KeyringFile(std::move(found.keyring), std::move(found.seal), PosixDurableFiles(),
                          crypto::SystemRandom());
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string FingerprintText(const kms::Keyring& keyring) {
  const crypto::Fingerprint fingerprint = keyring.fingerprint();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(fingerprint.data()), fingerprint.size()));
}

std::string CheckValueText(const kms::Keyring& keyring, const kms::KeyringVersion& version) {
  const absl::StatusOr<std::string> value = kms::KeyringCheckValue(keyring, version);
  if (!value.ok()) return "?";
  return value->empty() ? "-" : *value;
}

}  // namespace signet::ctl

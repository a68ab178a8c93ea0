// Which keyring a verb of `signetctl keyring` means, and small things that its verbs share.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_KEYRING_LOCATION_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_KEYRING_LOCATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kms_client/local/keyring.h"
#include "kms_client/local/keyring_file.h"
#include "plugin/cmd/signetctl/command.h"

namespace signet::ctl {

// Options of `signetctl keyring` itself, given before or after its verb.
struct KeyringOptions {
  std::string keyring;          // empty: as in the configuration
  std::string passphrase_file;  // empty with `keyring`: not sealed; else as in the configuration
  std::string provider;         // empty: the active one, or the only local one
};

// The file the options name, not opened yet. NOT_FOUND: the configuration has no such local provider;
// INVALID_ARGUMENT: options that exclude each other; else as LoadConfigFile and MakeLocalKmsOptions.
absl::StatusOr<kms::KeyringFile> FindKeyring(const GlobalOptions& globals, const KeyringOptions& options);

// Against the current folder.
std::string AbsolutePath(const std::string& path);
// "2026-11-22T13:07:33Z".
std::string TimeText(absl::Time time);
// 16 hex digits: what records and GetState name the keyring by.
std::string FingerprintText(const kms::Keyring& keyring);
// KeyringCheckValue, "-" for a destroyed version, "?" when the secure heap is exhausted.
std::string CheckValueText(const kms::Keyring& keyring, const kms::KeyringVersion& version);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_KEYRING_LOCATION_H_

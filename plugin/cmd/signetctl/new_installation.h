// CreateInstallation: a folder from which signetd just runs, with a keyring of its own.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_NEW_INSTALLATION_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_NEW_INSTALLATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"

namespace signet::ctl {

struct InstallationOptions {
  std::string folder;           // made, 0700, unless it exists; its parent must
  std::string cluster_id;       // empty: a random one
  std::string passphrase_file;  // seals the keyring; empty: not sealed
  bool with_keyring = true;     // false: it will be imported from another node
};

struct Installation {
  std::string cluster_id;
  std::string config_file;      // signetd.yaml, 0600
  std::string keyring;          // keyring, 0600
  std::string state_directory;  // state, 0700
  std::string kms_socket;       // kms.sock, made by signetd
  std::string admin_socket;     // admin.sock
  std::string key_fingerprint;  // 16 hex digits; empty without a keyring
};

// Never overwrites: ALREADY_EXISTS when the configuration, the keyring or the state directory is there.
// The configuration is written last, so that where there is one the rest is there; after an error nothing is
// left but what was there before. INVALID_ARGUMENT: the folder or cluster_id would make a bad configuration;
// NOT_FOUND: no parent folder; PERMISSION_DENIED: not writable, or writable by others; else as
// KeyringFile::Create. Blocks on the disk.
absl::StatusOr<Installation> CreateInstallation(const InstallationOptions& options, const Clock& clock,
                                                crypto::RandomSource& random, DurableFiles& files);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_NEW_INSTALLATION_H_

// From configuration to the providers of the hierarchy.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_PROVIDERS_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_PROVIDERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/durable_files.h"
#include "crypto/random.h"
#include "kms_client/local/keyring_observer.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/config/config.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet {

// One client per configured provider, in their order; the message names the provider that could not be made.
// Where one is remote, the HTTP library is initialised first: call this once, before other threads use the
// network. Blocks on the disk and, for a sealed keyring, for scrypt. INVALID_ARGUMENT: settings; else as the
// backend's factory. All references outlive the clients.
absl::StatusOr<std::vector<Provider>> MakeProviders(const std::vector<ProviderConfig>& configs,
                                                    const Clock& clock, crypto::RandomSource& random,
                                                    DurableFiles& files,
                                                    kms::KeyringObserver& keyring_observer,
                                                    kms::RemoteCallObserver& remote_observer);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_PROVIDERS_H_

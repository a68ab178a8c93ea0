// RemoteKeyName: a remote key as records name it, whatever its version and its name in the configuration.
// Value.
#ifndef SIGNET_PLUGIN_HIERARCHY_REMOTE_KEY_NAME_H_
#define SIGNET_PLUGIN_HIERARCHY_REMOTE_KEY_NAME_H_

#include <cstdint>

#include "crypto/record.h"

namespace signet {

struct RemoteKeyName {
  uint8_t provider_type = 0;
  crypto::Fingerprint fingerprint{};

  friend bool operator==(const RemoteKeyName&, const RemoteKeyName&) = default;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_REMOTE_KEY_NAME_H_

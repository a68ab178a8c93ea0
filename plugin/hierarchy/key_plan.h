// KeyPlan: who wraps the local KEK and under which generation: what the key_id depends on besides the remote
// version. Value; the pointers are a ProviderSet's.
#ifndef SIGNET_PLUGIN_HIERARCHY_KEY_PLAN_H_
#define SIGNET_PLUGIN_HIERARCHY_KEY_PLAN_H_

#include <cstdint>
#include <vector>

#include "plugin/hierarchy/provider_set.h"
#include "plugin/hierarchy/state_format.h"

namespace signet {

struct KeyPlan {
  const Provider* active = nullptr;
  // All that wrap every new local KEK: the active one first, the others in the order of the configuration.
  std::vector<const Provider*> wrap_set;
  uint32_t generation = 0;

  friend bool operator==(const KeyPlan&, const KeyPlan&) = default;
};

inline RemoteKeyName NameOf(const Provider& provider) {
  return {static_cast<uint8_t>(provider.client->type()), provider.client->fingerprint()};
}

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_KEY_PLAN_H_

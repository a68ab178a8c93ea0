// What the state says about providers, in words. Thread-safe (pure functions); nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_STATE_REPORT_H_
#define SIGNET_PLUGIN_HIERARCHY_STATE_REPORT_H_

#include <vector>

#include "absl/status/status.h"
#include "plugin/hierarchy/hierarchy_state.h"

namespace signet {

// Adds a problem when the provider has one.
void AddProviderProblem(const ProviderState& provider, std::vector<HierarchyProblem>& problems);

// Whether records that are not in memory open, as far as this provider is concerned.
absl::Status DecryptStatus(const ProviderState& provider);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_STATE_REPORT_H_

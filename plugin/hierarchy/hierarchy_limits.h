// CheckLimits: whether options are within what the hierarchy was built for. Thread-safe; nothing blocks.
#ifndef SIGNET_PLUGIN_HIERARCHY_HIERARCHY_LIMITS_H_
#define SIGNET_PLUGIN_HIERARCHY_HIERARCHY_LIMITS_H_

#include "absl/status/status.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet {

// INVALID_ARGUMENT: names the first option that is out of its bounds.
absl::Status CheckLimits(const HierarchyOptions& options);

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_HIERARCHY_LIMITS_H_

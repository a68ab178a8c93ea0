// From configuration to the hierarchy's options. Thread-safe (pure); nothing blocks.
#ifndef SIGNET_PLUGIN_CMD_SIGNETD_HIERARCHY_SETTINGS_H_
#define SIGNET_PLUGIN_CMD_SIGNETD_HIERARCHY_SETTINGS_H_

#include "plugin/config/config.h"
#include "plugin/hierarchy/key_hierarchy.h"

namespace signet {

HierarchyOptions HierarchyOptionsFrom(const Config& config);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_SIGNETD_HIERARCHY_SETTINGS_H_

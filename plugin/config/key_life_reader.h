// The settings of the key's life: the watcher, limits and moves. Part of config_reader.h's ReadConfig.
#ifndef SIGNET_PLUGIN_CONFIG_KEY_LIFE_READER_H_
#define SIGNET_PLUGIN_CONFIG_KEY_LIFE_READER_H_

#include <string>
#include <vector>

#include "plugin/config/config.h"
#include "plugin/config/section_reader.h"

namespace signet {

// Takes them out of `root`.
void ReadKeyLife(SectionReader& root, Config& config);

// Rules between them, with the numbers in the text.
void CheckKeyLife(const Config& config, ReadContext& context);

// Settings that are legal but only fit for tests, or likely to lock the control plane out, one line each: the
// daemon logs them.
std::vector<std::string> ConfigWarnings(const Config& config);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_KEY_LIFE_READER_H_

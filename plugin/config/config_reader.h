// The settings themselves: which there are, where they stand in the file, their ranges and the rules between
// them. config_loader.h is the way in for everybody else.
#ifndef SIGNET_PLUGIN_CONFIG_CONFIG_READER_H_
#define SIGNET_PLUGIN_CONFIG_CONFIG_READER_H_

#include "plugin/config/config.h"
#include "plugin/config/section_reader.h"

namespace signet {

// Takes every setting out of `root`; problems go to the reader's context.
Config ReadConfig(SectionReader& root);

// Rules between settings, on what ReadConfig made; settings with problems of their own are not judged again.
void CheckRelations(const Config& config, ReadContext& context);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_CONFIG_READER_H_

// The settings of a `vault` provider: which there are and what they must look like.
#ifndef SIGNET_PLUGIN_CONFIG_VAULT_READER_H_
#define SIGNET_PLUGIN_CONFIG_VAULT_READER_H_

#include "plugin/config/config.h"
#include "plugin/config/section_reader.h"

namespace signet {

// Problems go to the reader's context.
VaultProviderConfig ReadVaultProvider(SectionReader& section);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_VAULT_READER_H_

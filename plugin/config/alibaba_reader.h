// The section of an `alibaba` provider: a key of Alibaba Cloud KMS.
#ifndef SIGNET_PLUGIN_CONFIG_ALIBABA_READER_H_
#define SIGNET_PLUGIN_CONFIG_ALIBABA_READER_H_

#include "plugin/config/config.h"
#include "plugin/config/section_reader.h"

namespace signet {

// Reads all of `section` and finishes it.
AlibabaProviderConfig ReadAlibabaProvider(SectionReader& section);

}  // namespace signet

#endif  // SIGNET_PLUGIN_CONFIG_ALIBABA_READER_H_

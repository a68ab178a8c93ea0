// Apart from version.cc, because this file is recompiled at every commit.
#include "plugin/cmd/common/version.h"
#include "signet_commit.h"

namespace signet {

absl::string_view SignetCommit() { return SIGNET_COMMIT; }

}  // namespace signet

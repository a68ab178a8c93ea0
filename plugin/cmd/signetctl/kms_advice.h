// What an operator has to change when a call to a KMS fails. Pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_KMS_ADVICE_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_KMS_ADVICE_H_

#include <string>

#include "absl/status/status.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/config/config.h"

namespace signet::ctl {

// One sentence without a full stop, naming settings of `provider`, paths and commands; empty where the error
// text says all there is to say. `status` is not OK.
std::string KmsAdvice(const ProviderConfig& provider, kms::RemoteOperation operation,
                      const absl::Status& status);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_KMS_ADVICE_H_

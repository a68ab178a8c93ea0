// What to change when a call of Alibaba Cloud KMS failed. Pure.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_ALIBABA_ADVICE_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_ALIBABA_ADVICE_H_

#include <string>

#include "absl/status/status.h"
#include "kms_client/remote_call_observer.h"
#include "plugin/config/config.h"

namespace signet::ctl {

// As KmsAdvice; empty also where it is the network's and no vendor's.
std::string AlibabaAdvice(const AlibabaProviderConfig& alibaba, kms::RemoteOperation operation,
                          const absl::Status& status);

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_ALIBABA_ADVICE_H_

// Access keys of Alibaba Cloud from where the settings say: a file, the ECS instance's role, or STS.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CREDENTIALS_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CREDENTIALS_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "kms_client/alibaba/alibaba_rpc.h"
#include "kms_client/alibaba/alibaba_settings.h"
#include "kms_client/alibaba/ecs_metadata.h"
#include "kms_client/auth/credentials.h"
#include "kms_client/remote_call_observer.h"

namespace signet::kms {

// Fetch gives AlibabaAccessKey. `sts` is used where a role is assumed, `metadata` for ECS roles. `provider`
// is the configured name. `clock` and `observer` outlive the object.
std::unique_ptr<CredentialsProvider> MakeAlibabaCredentials(const AlibabaAuthSettings& settings,
                                                            std::unique_ptr<AlibabaRpc> sts,
                                                            std::unique_ptr<EcsMetadata> metadata,
                                                            std::string provider, const Clock& clock,
                                                            RemoteCallObserver& observer);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_CREDENTIALS_H_

// The KmsClient for a key of Alibaba Cloud KMS: one attempt per call, one re-authentication and one
// correction of the clock included. Decorate it with resilience/.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_KMS_CLIENT_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_KMS_CLIENT_H_

#include <memory>
#include <string>

#include "base/clock.h"
#include "crypto/random.h"
#include "kms_client/alibaba/alibaba_settings.h"
#include "kms_client/alibaba/ecs_metadata.h"
#include "kms_client/http/http_transport.h"
#include "kms_client/kms_client.h"
#include "kms_client/remote_call_observer.h"

namespace signet::kms {

// One way to each service, for their CAs and proxies differ.
struct AlibabaTransports {
  std::unique_ptr<HttpTransport> kms;
  std::unique_ptr<HttpTransport> sts;
  std::unique_ptr<HttpTransport> metadata;
  // kEcsMetadataAddress but in tests.
  std::string metadata_address = kEcsMetadataAddress;
};

// `provider` is the configured name, for the observer. Does nothing until the first call: neither KMS nor the
// credentials need to be there. Describe costs a DescribeKey, or an Encrypt where that is not to be had
// or does not tell the version.
// `clock`, `random` and `observer` outlive the client.
std::unique_ptr<KmsClient> MakeAlibabaKmsClient(AlibabaSettings settings, AlibabaTransports transports,
                                                const std::string& provider, const Clock& clock,
                                                crypto::RandomSource& random, RemoteCallObserver& observer);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_KMS_CLIENT_H_

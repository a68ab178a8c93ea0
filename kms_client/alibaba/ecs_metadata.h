// The metadata service of an ECS instance: the access keys of its RAM role.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ECS_METADATA_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ECS_METADATA_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kms_client/alibaba/issued_key.h"
#include "kms_client/http/http_transport.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

// Where the service is on every instance.
inline constexpr char kEcsMetadataAddress[] = "http://100.100.100.200";

// Thread-safe. Reads with a token of the hardened mode, and only where the service has no such mode without
// one. Made for a transport without proxy.
class EcsMetadata {
 public:
  // `address` is kEcsMetadataAddress but in tests.
  EcsMetadata(std::string address, std::unique_ptr<HttpTransport> transport);

  // The keys of `role`; empty: of the role that the instance has. NOT_FOUND: the instance has no role.
  // UNAVAILABLE: not an ECS instance, or its service fails. Else as HttpTransport::Send.
  absl::StatusOr<IssuedAlibabaKey> ReadKey(absl::string_view role, const CallContext& call);

 private:
  // Empty: the service is not hardened.
  absl::StatusOr<crypto::SensitiveString> FetchToken(const CallContext& call);
  absl::StatusOr<HttpResponse> Get(absl::string_view path, const crypto::SensitiveString& token,
                                   const CallContext& call);

  const std::string address_;
  const std::unique_ptr<HttpTransport> transport_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ECS_METADATA_H_

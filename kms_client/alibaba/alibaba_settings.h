// AlibabaSettings: one key of Alibaba Cloud KMS, how to reach it and how we authenticate. Plain values,
// checked where the configuration is read.
#ifndef SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_SETTINGS_H_
#define SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_SETTINGS_H_

#include <string>

#include "absl/time/time.h"

namespace signet::kms {

enum class AlibabaSignature {
  kAcs3,  // ACS3-HMAC-SHA256
  kRpc,   // HMAC-SHA1, for endpoints that take nothing newer
};

enum class AlibabaCredentialSource {
  kAccessKeyFile,  // a JSON file with an access key, or with STS credentials that somebody else renews
  kEcsRole,        // the RAM role of this ECS instance
  kOidc,           // AssumeRoleWithOIDC with a token from a file (RRSA)
};

struct AlibabaAuthSettings {
  AlibabaCredentialSource source = AlibabaCredentialSource::kAccessKeyFile;
  // The access key's file, or the OIDC token's.
  std::string secret_file;
  // ECS: the role's name. Empty: the one that the instance has.
  std::string ecs_role;
  // OIDC.
  std::string oidc_provider_arn;
  std::string oidc_role_arn;
  // A role that is assumed with the credentials of the source. Empty: they are used themselves.
  std::string assume_role_arn;
  std::string external_id;
  std::string session_name = "signetd";
  // "https://sts-vpc.cn-hangzhou.aliyuncs.com"
  std::string sts_endpoint;
  // How long assumed roles are asked for.
  absl::Duration session_duration = absl::Hours(1);
};

struct AlibabaSettings {
  // "https://host[:port]" without a path.
  std::string endpoint;
  // The gateway of a KMS instance: it encrypts and decrypts and tells nothing about keys.
  bool is_dedicated = false;
  std::string region;
  std::string account_id;
  // The key's own id, no alias and no Arn: it is in the fingerprint.
  std::string key_id;
  AlibabaSignature signature = AlibabaSignature::kAcs3;
  // Send parameters in the body, which no proxy writes down, and not in the query, as the vendor's own KMS
  // clients do.
  bool parameters_in_body = false;
  AlibabaAuthSettings auth;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_ALIBABA_ALIBABA_SETTINGS_H_

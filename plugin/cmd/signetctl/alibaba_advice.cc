#include "plugin/cmd/signetctl/alibaba_advice.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kms_client/failure_class.h"

namespace signet::ctl {
namespace {

using kms::RemoteOperation;

absl::string_view ActionOf(const AlibabaProviderConfig& alibaba, RemoteOperation operation) {
  switch (operation) {
    case RemoteOperation::kUnwrap:
      return "kms:Decrypt";
    case RemoteOperation::kRotate:
      return "kms:CreateKeyVersion";
    case RemoteOperation::kDescribe:
      // An instance's own gateway is described by encrypting.
      if (alibaba.gateway != AlibabaGateway::kDedicated) return "kms:DescribeKey";
      break;
    case RemoteOperation::kWrap:
      break;
  }
  return "kms:Encrypt";
}

std::string SecretOf(const AlibabaAuthConfig& auth) {
  return auth.secret_file.empty() ? absl::StrCat("credential ", auth.secret_credential) : auth.secret_file;
}

std::string KeyAdvice(const AlibabaAuthConfig& auth) {
  switch (auth.source) {
    case AlibabaSource::kEcsRole:
      return "look at the RAM role of this instance, or at auth.ecs_role";
    case AlibabaSource::kOidc:
      return "look at auth.oidc_role_arn and its trust policy";
    case AlibabaSource::kAccessKeyFile:
      break;
  }
  return absl::StrCat("write a valid access key into ", SecretOf(auth));
}

std::string StsAdvice(const AlibabaAuthConfig& auth, absl::string_view text) {
  if (absl::StrContains(text, "OIDCToken")) {
    return absl::StrCat("renew the token in ", SecretOf(auth),
                        ": issuer and audience must be the provider's");
  }
  if (absl::StrContains(text, "EntityNotExist.OIDCProvider")) return "correct auth.oidc_provider_arn";
  const absl::string_view role =
      absl::StrContains(text, "WithOIDC") ? "auth.oidc_role_arn" : "auth.assume_role_arn";
  if (absl::StrContains(text, "EntityNotExist")) return absl::StrCat("correct ", role);
  if (absl::StrContains(text, "NoPermission")) {
    return absl::StrCat(
        "allow sts:AssumeRole on ", role,
        " (`signetctl policy alibaba --assume` prints it), and name who assumes it in the role's "
        "trust policy");
  }
  return "";
}

}  // namespace

std::string AlibabaAdvice(const AlibabaProviderConfig& alibaba, RemoteOperation operation,
                          const absl::Status& status) {
  struct Known {
    absl::string_view part;
    absl::string_view advice;
  };
  static constexpr Known kKnown[] = {
      {"no RAM role", "give this instance a RAM role, or correct auth.ecs_role"},
      {"the KMS calls it", "correct region, account_id and key to what stands there"},
      {"must be the key's own id", "correct key"},
      {"clock is off", "set this machine's clock right"},
      {"bill is unpaid", "pay the bill"},
      {"not activated", "activate KMS for this account"},
      {"KMS instance", "renew the KMS instance, or pay for it"},
      {"the key is disabled", "enable the key"},
      {"about to be deleted", "cancel the deletion of the key"},
      {"material was taken away", "import the key's material again"},
      {"check `signature`", "try another signature"},
      {"ECS metadata", "check that this is an ECS instance with a RAM role"},
  };
  const absl::string_view text = status.message();
  if (kms::GetFailureClass(status) == kms::FailureClass::kDenied) {
    return absl::StrCat("allow ", ActionOf(alibaba, operation), " on acs:kms:", alibaba.region, ":",
                        alibaba.account_id, ":key/", alibaba.key,
                        " in the RAM policy: `signetctl policy alibaba` prints all it needs");
  }
  if (absl::StrContains(text, "alibaba STS")) {
    if (std::string advice = StsAdvice(alibaba.auth, text); !advice.empty()) return advice;
  }
  for (const Known& known : kKnown) {
    if (absl::StrContains(text, known.part)) return std::string(known.advice);
  }
  if (absl::StrContains(text, "access key") || absl::StrContains(text, "AccessKey") ||
      absl::StrContains(text, "STS token") || absl::StrContains(text, "no JSON object")) {
    return KeyAdvice(alibaba.auth);
  }
  if (absl::IsNotFound(status)) return "correct key, region, account_id or gateway";
  if (absl::StrContains(text, "no KMS's")) return "check that KMS answers at this endpoint";
  return "";
}

}  // namespace signet::ctl

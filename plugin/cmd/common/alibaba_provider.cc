#include "plugin/cmd/common/alibaba_provider.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/alibaba/alibaba_kms_client.h"
#include "kms_client/http/curl_transport.h"
#include "kms_client/resilience/resilient_kms_client.h"
#include "plugin/cmd/common/credentials_directory.h"

namespace signet {
namespace {

kms::AlibabaCredentialSource SourceFrom(AlibabaSource source) {
  switch (source) {
    case AlibabaSource::kAccessKeyFile:
      return kms::AlibabaCredentialSource::kAccessKeyFile;
    case AlibabaSource::kEcsRole:
      return kms::AlibabaCredentialSource::kEcsRole;
    case AlibabaSource::kOidc:
      return kms::AlibabaCredentialSource::kOidc;
  }
  return kms::AlibabaCredentialSource::kAccessKeyFile;
}

std::string EndpointOf(const AlibabaProviderConfig& config) {
  if (!config.endpoint.empty()) return config.endpoint;
  switch (config.gateway) {
    case AlibabaGateway::kVpc:
      return absl::StrCat("https://kms-vpc.", config.region, ".aliyuncs.com");
    case AlibabaGateway::kPublic:
      return absl::StrCat("https://kms.", config.region, ".aliyuncs.com");
    case AlibabaGateway::kDedicated:
      return absl::StrCat("https://", config.instance, ".cryptoservice.kms.aliyuncs.com");
  }
  return "";
}

// Who reaches KMS inside a VPC reaches STS there too.
std::string StsEndpointOf(const AlibabaProviderConfig& config) {
  if (!config.auth.sts_endpoint.empty()) return config.auth.sts_endpoint;
  const char* const host = config.gateway == AlibabaGateway::kPublic ? "sts." : "sts-vpc.";
  return absl::StrCat("https://", host, config.region, ".aliyuncs.com");
}

kms::HttpSettings HttpSettingsFor(const AlibabaProviderConfig& config, const std::string& endpoint) {
  kms::HttpSettings http;
  http.proxy.url = config.proxy.url;
  http.proxy.no_proxy = config.proxy.no_proxy;
  http.total_timeout = config.timeout;
  http.connect_timeout = config.timeout / 2;
  // The configuration takes http:// for loopback only.
  http.allow_plain_http = absl::StartsWith(endpoint, "http://");
  return http;
}

// Link-local and unencrypted: never through a proxy.
kms::HttpSettings MetadataHttpSettings() {
  kms::HttpSettings http;
  http.allow_plain_http = true;
  return http;
}

}  // namespace

absl::StatusOr<kms::AlibabaSettings> AlibabaSettingsFrom(const AlibabaProviderConfig& config) {
  kms::AlibabaSettings settings;
  settings.endpoint = EndpointOf(config);
  settings.is_dedicated = config.gateway == AlibabaGateway::kDedicated;
  settings.region = config.region;
  settings.account_id = config.account_id;
  settings.key_id = config.key;
  settings.signature = config.signature == AlibabaRequestSignature::kRpc ? kms::AlibabaSignature::kRpc
                                                                         : kms::AlibabaSignature::kAcs3;
  settings.parameters_in_body = config.parameters == AlibabaParameterPlace::kBody;
  settings.auth.source = SourceFrom(config.auth.source);
  SIGNET_ASSIGN_OR_RETURN(settings.auth.secret_file,
                          SecretPath(config.auth.secret_file, config.auth.secret_credential));
  settings.auth.ecs_role = config.auth.ecs_role;
  settings.auth.oidc_provider_arn = config.auth.oidc_provider_arn;
  settings.auth.oidc_role_arn = config.auth.oidc_role_arn;
  settings.auth.assume_role_arn = config.auth.assume_role_arn;
  settings.auth.external_id = config.auth.external_id;
  settings.auth.session_name = config.auth.session_name;
  settings.auth.session_duration = config.auth.session_duration;
  settings.auth.sts_endpoint = StsEndpointOf(config);
  return settings;
}

absl::StatusOr<std::unique_ptr<kms::KmsClient>> MakeAlibabaProvider(const std::string& name,
                                                                    const AlibabaProviderConfig& config,
                                                                    const Clock& clock,
                                                                    crypto::RandomSource& random,
                                                                    kms::RemoteCallObserver& observer) {
  SIGNET_ASSIGN_OR_RETURN(kms::AlibabaSettings settings, AlibabaSettingsFrom(config));
  kms::HttpSettings kms_http = HttpSettingsFor(config, settings.endpoint);
  // An instance has a CA of its own; STS is public.
  kms_http.tls.ca_file = config.tls.ca_file;
  kms_http.tls.server_name = config.tls.server_name;
  kms::AlibabaTransports transports;
  transports.kms = kms::MakeCurlTransport(kms_http, clock);
  transports.sts = kms::MakeCurlTransport(HttpSettingsFor(config, settings.auth.sts_endpoint), clock);
  transports.metadata = kms::MakeCurlTransport(MetadataHttpSettings(), clock);
  std::unique_ptr<kms::KmsClient> client =
      kms::MakeAlibabaKmsClient(std::move(settings), std::move(transports), name, clock, random, observer);
  return kms::MakeResilientKmsClient(std::move(client), kms::ResilienceSettings(), name, clock, random,
                                     observer);
}

}  // namespace signet

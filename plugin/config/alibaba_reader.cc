#include "plugin/config/alibaba_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "plugin/config/remote_rules.h"

namespace signet {
namespace {

constexpr size_t kMaxIdBytes = 64;
constexpr size_t kMaxArnBytes = 256;
constexpr size_t kMaxExternalIdBytes = 1024;

bool IsNumber(absl::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

ValueRule<std::string> Region() {
  return TextThat("a region such as cn-hangzhou", [](absl::string_view text) {
    return OnlyOf(text, kMaxIdBytes, "-") && text == absl::AsciiStrToLower(text);
  });
}

ValueRule<std::string> AccountId() {
  return TextThat("the number of the account that has the key", IsNumber);
}

// An alias can be pointed elsewhere, and what stands in records names the key for ever.
ValueRule<std::string> KeyId() {
  return TextThat("the key's own id, no alias and no Arn",
                  [](absl::string_view text) { return OnlyOf(text, kMaxIdBytes, "-"); });
}

ValueRule<std::string> InstanceId() {
  return TextThat("the id of a KMS instance, kst-…", [](absl::string_view text) {
    return absl::StartsWith(text, "kst-") && OnlyOf(text, kMaxIdBytes, "-");
  });
}

// acs:ram::ACCOUNT:KIND/NAME
ValueRule<std::string> RamArn(const std::string& kind) {
  return TextThat(absl::StrCat("acs:ram::ACCOUNT:", kind, "/NAME"), [kind](absl::string_view text) {
    if (text.size() > kMaxArnBytes || !absl::ConsumePrefix(&text, "acs:ram::")) return false;
    const size_t colon = text.find(':');
    if (colon == absl::string_view::npos || !IsNumber(text.substr(0, colon))) return false;
    text.remove_prefix(colon + 1);
    return absl::ConsumePrefix(&text, kind) && absl::ConsumePrefix(&text, "/") &&
           OnlyOf(text, kMaxArnBytes, "._-@");
  });
}

ValueRule<std::string> RoleName() {
  return TextThat("the name of a RAM role: 1 to 64 of [A-Za-z0-9._-]",
                  [](absl::string_view text) { return OnlyOf(text, kMaxIdBytes, "._-"); });
}

ValueRule<std::string> SessionName() {
  return TextThat("2 to 64 of [A-Za-z0-9.@_-]", [](absl::string_view text) {
    return text.size() >= 2 && OnlyOf(text, kMaxIdBytes, ".@_-");
  });
}

ValueRule<std::string> ExternalId() {
  return TextThat("2 to 1024 of [A-Za-z0-9+=,.@:/_-]", [](absl::string_view text) {
    return text.size() >= 2 && OnlyOf(text, kMaxExternalIdBytes, "+=,.@:/_-");
  });
}

AlibabaAuthConfig ReadAuth(SectionReader section) {
  AlibabaAuthConfig auth;
  section.Required("source",
                   OneOf<AlibabaSource>({{"access_key_file", AlibabaSource::kAccessKeyFile},
                                         {"ecs_role", AlibabaSource::kEcsRole},
                                         {"oidc", AlibabaSource::kOidc}}),
                   auth.source);
  section.Optional("secret_file", SecretFilePath(), auth.secret_file);
  section.Optional("secret_credential", CredentialName(), auth.secret_credential);
  section.Optional("ecs_role", RoleName(), auth.ecs_role);
  section.Optional("oidc_provider_arn", RamArn("oidc-provider"), auth.oidc_provider_arn);
  section.Optional("oidc_role_arn", RamArn("role"), auth.oidc_role_arn);
  section.Optional("assume_role_arn", RamArn("role"), auth.assume_role_arn);
  section.Optional("external_id", ExternalId(), auth.external_id);
  section.Optional("session_name", SessionName(), auth.session_name);
  section.Optional("session_duration", DurationBetween(absl::Minutes(15), absl::Hours(12)),
                   auth.session_duration);
  section.Optional("sts_endpoint", ServiceAddress(), auth.sts_endpoint);
  if (section.Has("source")) {
    const bool is_oidc = auth.source == AlibabaSource::kOidc;
    const bool needs_secret = auth.source != AlibabaSource::kEcsRole;
    const bool has_secret = section.Has("secret_file") || section.Has("secret_credential");
    CheckPresence(section, "secret_file", needs_secret && !has_secret, needs_secret);
    CheckPresence(section, "secret_credential", false, needs_secret);
    CheckPresence(section, "ecs_role", false, auth.source == AlibabaSource::kEcsRole);
    CheckPresence(section, "oidc_provider_arn", is_oidc, is_oidc);
    CheckPresence(section, "oidc_role_arn", is_oidc, is_oidc);
    const bool uses_sts = is_oidc || section.Has("assume_role_arn");
    for (const char* const key : {"session_name", "session_duration", "sts_endpoint"}) {
      CheckPresence(section, key, false, uses_sts);
    }
  }
  if (section.Has("external_id") && !section.Has("assume_role_arn")) {
    section.Report("external_id", "means nothing without assume_role_arn: remove it");
  }
  if (section.Has("secret_file") && section.Has("secret_credential")) {
    section.Report("secret_credential", "excludes secret_file: keep one of the two");
  }
  section.Finish();
  return auth;
}

TlsConfig ReadTls(SectionReader section) {
  TlsConfig tls;
  section.Optional("ca_file", AbsolutePath(), tls.ca_file);
  section.Optional("server_name", HostName(), tls.server_name);
  section.Finish();
  return tls;
}

}  // namespace

AlibabaProviderConfig ReadAlibabaProvider(SectionReader& section) {
  AlibabaProviderConfig alibaba;
  section.Required("region", Region(), alibaba.region);
  section.Required("account_id", AccountId(), alibaba.account_id);
  section.Required("key", KeyId(), alibaba.key);
  section.Optional("gateway",
                   OneOf<AlibabaGateway>({{"vpc", AlibabaGateway::kVpc},
                                          {"public", AlibabaGateway::kPublic},
                                          {"dedicated", AlibabaGateway::kDedicated}}),
                   alibaba.gateway);
  section.Optional("instance", InstanceId(), alibaba.instance);
  section.Optional("endpoint", ServiceAddress(), alibaba.endpoint);
  section.Optional("signature",
                   OneOf<AlibabaRequestSignature>(
                       {{"acs3", AlibabaRequestSignature::kAcs3}, {"rpc", AlibabaRequestSignature::kRpc}}),
                   alibaba.signature);
  section.Optional("parameters",
                   OneOf<AlibabaParameterPlace>(
                       {{"query", AlibabaParameterPlace::kQuery}, {"body", AlibabaParameterPlace::kBody}}),
                   alibaba.parameters);
  section.Optional("timeout", DurationBetween(absl::Milliseconds(100), absl::Seconds(30)), alibaba.timeout);
  alibaba.auth = ReadAuth(section.Section("auth"));
  alibaba.tls = ReadTls(section.Section("tls"));
  alibaba.proxy = ReadProxy(section, {alibaba.endpoint, alibaba.auth.sts_endpoint});
  if (!section.listing()) {
    const bool is_dedicated = alibaba.gateway == AlibabaGateway::kDedicated;
    if (is_dedicated && !section.Has("instance") && !section.Has("endpoint")) {
      section.Report("instance", "is missing: gateway dedicated needs it, or an endpoint");
    }
    if (!is_dedicated && section.Has("instance")) {
      section.Report("instance", "means nothing with this gateway: remove it");
    }
    if (section.Has("instance") && section.Has("endpoint")) {
      section.Report("endpoint", "excludes instance: keep one of the two");
    }
    if (is_dedicated && section.Has("instance") && alibaba.tls.ca_file.empty()) {
      section.Report("tls", "is missing ca_file: an instance's certificate is of its own CA");
    }
  }
  section.Finish();
  return alibaba;
}

}  // namespace signet

#include "kms_client/alibaba/alibaba_rpc.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "kms_client/alibaba/acs3_signer.h"
#include "kms_client/alibaba/alibaba_errors.h"
#include "kms_client/alibaba/answer_date.h"
#include "kms_client/alibaba/rpc_signer.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/plain_uid.h"
#include "kms_client/retry_after.h"

namespace signet::kms {
namespace {

constexpr absl::string_view kFormType = "application/x-www-form-urlencoded";
// A difference that the endpoint would not refuse is not worth following.
constexpr int64_t kLeastSkewSeconds = 30;

// Where a port is the scheme's own, some who make a Host header of the URL leave it out and some do not.
std::string WithoutOwnPort(absl::string_view endpoint) {
  absl::ConsumeSuffix(&endpoint, absl::StartsWith(endpoint, "https://") ? ":443" : ":80");
  return std::string(endpoint);
}

std::string HostOf(absl::string_view endpoint) {
  const size_t scheme = endpoint.find("://");
  return std::string(scheme == absl::string_view::npos ? endpoint : endpoint.substr(scheme + 3));
}

absl::Status Unreachable(absl::Status status) {
  return WithFailureClass(std::move(status), FailureClass::kUnreachable);
}

void WipeValues(AlibabaParameters& parameters) {
  for (auto& [name, value] : parameters) crypto::WipeString(value);
}

// Whole seconds in Retry-After, or milliseconds in Alibaba's own header.
std::optional<absl::Duration> RetryAfterOf(const HttpResponse& response, absl::Time now) {
  int64_t milliseconds = 0;
  if (const auto own = response.Header("x-acs-retry-after");
      own.has_value() && absl::SimpleAtoi(*own, &milliseconds) && milliseconds >= 0) {
    return absl::Milliseconds(milliseconds);
  }
  const auto header = response.Header("retry-after");
  return header.has_value() ? ParseRetryAfter(*header, now) : std::nullopt;
}

}  // namespace

AlibabaRequest::~AlibabaRequest() { WipeValues(parameters); }

AlibabaRpc::AlibabaRpc(std::string service, const std::string& endpoint, AlibabaSignature signature,
                       std::unique_ptr<HttpTransport> transport, const Clock& clock,
                       crypto::RandomSource& random)
    : service_(std::move(service)),
      endpoint_(WithoutOwnPort(endpoint)),
      host_(HostOf(endpoint_)),
      signature_(signature),
      transport_(std::move(transport)),
      clock_(clock),
      random_(random) {}

std::string AlibabaRpc::OperationName(const AlibabaRequest& request) const {
  return absl::StrCat(service_, " ", request.action);
}

absl::StatusOr<AlibabaAnswer> AlibabaRpc::Call(const AlibabaRequest& request, const AlibabaAccessKey* key,
                                               const CallContext& call) {
  const int64_t skew = skew_seconds_.load();
  SIGNET_ASSIGN_OR_RETURN(AlibabaAnswer answer, CallOnce(request, key, skew, call));
  if (answer.ok()) return answer;
  const std::string code = ParseAlibabaError(answer).code;
  if (code == "SignatureNonceUsed") {
    return request.may_repeat ? CallOnce(request, key, skew, call) : std::move(answer);
  }
  if (code != "InvalidTimeStamp.Expired" && code != "IllegalTimestamp") return answer;
  const std::optional<int64_t> learned = LearnSkew(answer, skew);
  return learned.has_value() ? CallOnce(request, key, *learned, call) : std::move(answer);
}

absl::StatusOr<AlibabaAnswer> AlibabaRpc::CallOnce(const AlibabaRequest& request, const AlibabaAccessKey* key,
                                                   int64_t skew, const CallContext& call) {
  if (absl::Status alive = CheckCallAlive(clock_, call); !alive.ok()) return Unreachable(std::move(alive));
  absl::StatusOr<HttpRequest> http = key != nullptr && signature_ == AlibabaSignature::kAcs3
                                         ? SignWithAcs3(request, *key, skew)
                                         : SignWithRpc(request, key, skew);
  if (!http.ok()) return Unreachable(http.status());
  // ActionTrail keeps it with the call.
  const absl::string_view uid = PlainUid(call);
  http->AddHeader("User-Agent", uid.empty() ? "signetd" : absl::StrCat("signetd uid/", uid));
  absl::StatusOr<HttpResponse> response = transport_->Send(*http, call);
  if (!response.ok()) return Unreachable(response.status());
  AlibabaAnswer answer;
  answer.status = response->status;
  answer.body = std::move(response->body);
  answer.retry_after = RetryAfterOf(*response, clock_.Wall());
  answer.date = DateOf(*response);
  return answer;
}

HttpRequest AlibabaRpc::MakeHttpRequest(const AlibabaRequest& request) const {
  HttpRequest http;
  http.operation = OperationName(request);
  http.method = HttpMethod::kPost;
  // On a kept one libcurl would send it again by itself.
  http.fresh_connection = !request.may_repeat;
  http.AddHeader("Accept", "application/json");
  return http;
}

absl::StatusOr<HttpRequest> AlibabaRpc::SignWithAcs3(const AlibabaRequest& request,
                                                     const AlibabaAccessKey& key, int64_t skew) const {
  SIGNET_ASSIGN_OR_RETURN(const std::string nonce, MakeNonce());
  HttpRequest http = MakeHttpRequest(request);
  crypto::SensitiveString text(CanonicalQuery(request.parameters));
  Acs3Request signed_request;
  signed_request.method = "POST";
  if (request.in_body) {
    http.body = std::move(text);
    signed_request.body = http.body.Expose();
    http.SetUrl(absl::StrCat(endpoint_, "/"));
  } else {
    std::string& url = http.url.ExposeMutable();
    url.reserve(endpoint_.size() + 2 + text.size());
    absl::StrAppend(&url, endpoint_, "/?", text.Expose());
    signed_request.canonical_query = std::string(text.Expose());
  }
  auto& headers = signed_request.headers;
  headers = {{"content-type", std::string(kFormType)},
             {"host", host_},
             {"x-acs-action", request.action},
             {"x-acs-content-sha256", Acs3ContentHash(signed_request.body)},
             {"x-acs-date", Timestamp(skew)},
             {"x-acs-signature-nonce", nonce},
             {"x-acs-version", std::string(request.api_version)}};
  if (key.security_token.size() > 0) {
    headers.emplace("x-acs-accesskey-id", key.id);
    headers.emplace("x-acs-security-token", std::string(key.security_token.Expose()));
  }
  absl::StatusOr<std::string> authorization = SignAcs3(signed_request, key.id, key.secret);
  for (auto& [name, value] : headers) {
    if (name != "host") http.AddHeader(name, value);
    crypto::WipeString(value);
  }
  crypto::WipeString(signed_request.canonical_query);
  if (!authorization.ok()) return authorization.status();
  http.AddHeader("Authorization", *authorization);
  return http;
}

absl::StatusOr<HttpRequest> AlibabaRpc::SignWithRpc(const AlibabaRequest& request,
                                                    const AlibabaAccessKey* key, int64_t skew) const {
  AlibabaParameters system = {{"Action", request.action},
                              {"Format", "JSON"},
                              {"Timestamp", Timestamp(skew)},
                              {"Version", std::string(request.api_version)}};
  if (key != nullptr) {
    SIGNET_ASSIGN_OR_RETURN(system["SignatureNonce"], MakeNonce());
    system["AccessKeyId"] = key->id;
    system["SignatureMethod"] = "HMAC-SHA1";
    system["SignatureVersion"] = "1.0";
    if (key->security_token.size() > 0) system["SecurityToken"] = std::string(key->security_token.Expose());
    AlibabaParameters all = system;
    all.insert(request.parameters.begin(), request.parameters.end());
    absl::StatusOr<std::string> signature = SignRpc("POST", all, key->secret);
    WipeValues(all);
    if (!signature.ok()) {
      WipeValues(system);
      return signature.status();
    }
    system["Signature"] = *std::move(signature);
  }
  HttpRequest http = MakeHttpRequest(request);
  http.AddHeader("Content-Type", kFormType);
  crypto::SensitiveString text(CanonicalQuery(request.parameters));
  crypto::SensitiveString query(CanonicalQuery(system));
  WipeValues(system);
  std::string& url = http.url.ExposeMutable();
  url.reserve(endpoint_.size() + 3 + query.size() + text.size());
  absl::StrAppend(&url, endpoint_, "/?", query.Expose());
  if (request.in_body) {
    http.body = std::move(text);
  } else if (text.size() > 0) {
    absl::StrAppend(&url, "&", text.Expose());
  }
  return http;
}

absl::StatusOr<std::string> AlibabaRpc::MakeNonce() const {
  std::array<uint8_t, 16> bytes{};
  SIGNET_RETURN_IF_ERROR(random_.Fill(absl::MakeSpan(bytes)));
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string AlibabaRpc::Timestamp(int64_t skew) const {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", clock_.Wall() + absl::Seconds(skew), absl::UTCTimeZone());
}

std::optional<int64_t> AlibabaRpc::LearnSkew(const AlibabaAnswer& answer, int64_t used) {
  if (!answer.date.has_value()) return std::nullopt;
  const int64_t skew = absl::ToInt64Seconds(*answer.date - clock_.Wall());
  skew_seconds_.store(skew);
  if (std::abs(skew - used) < kLeastSkewSeconds) return std::nullopt;
  return skew;
}

}  // namespace signet::kms

#include "kms_client/alibaba/ecs_metadata.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/alibaba/answer_date.h"
#include "kms_client/json_body.h"

namespace signet::kms {
namespace {

constexpr char kOperation[] = "alibaba ECS metadata";
constexpr char kRolesPath[] = "/latest/meta-data/ram/security-credentials/";
// Each read of a key takes its own token, so it need not live long.
constexpr char kTokenSeconds[] = "60";
constexpr size_t kMaxRoleBytes = 64;
constexpr size_t kMaxTokenBytes = 1024;

bool IsRoleName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxRoleBytes && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

absl::Status Failed(absl::string_view what, int status) {
  return absl::UnavailableError(absl::StrCat(kOperation, ": ", what, " (HTTP ", status, ")"));
}

}  // namespace

EcsMetadata::EcsMetadata(std::string address, std::unique_ptr<HttpTransport> transport)
    : address_(std::move(address)), transport_(std::move(transport)) {}

absl::StatusOr<crypto::SensitiveString> EcsMetadata::FetchToken(const CallContext& call) {
  HttpRequest request;
  request.operation = kOperation;
  request.method = HttpMethod::kPut;
  request.SetUrl(absl::StrCat(address_, "/latest/api/token"));
  request.AddHeader("X-aliyun-ecs-metadata-token-ttl-seconds", kTokenSeconds);
  SIGNET_ASSIGN_OR_RETURN(HttpResponse response, transport_->Send(request, call));
  // An instance without the hardened mode knows no such address.
  if (response.status == 403 || response.status == 404 || response.status == 405) {
    return crypto::SensitiveString();
  }
  const absl::string_view token = response.body.Expose();
  const bool is_token = token.size() <= kMaxTokenBytes && std::all_of(token.begin(), token.end(), [](char c) {
                          return absl::ascii_isgraph(static_cast<unsigned char>(c));
                        });
  if (response.status != 200 || token.empty() || !is_token) return Failed("gave no token", response.status);
  return std::move(response.body);
}

absl::StatusOr<HttpResponse> EcsMetadata::Get(absl::string_view path, const crypto::SensitiveString& token,
                                              const CallContext& call) {
  HttpRequest request;
  request.operation = kOperation;
  request.SetUrl(absl::StrCat(address_, path));
  if (token.size() > 0) request.AddHeader("X-aliyun-ecs-metadata-token", token.Expose());
  return transport_->Send(request, call);
}

absl::StatusOr<IssuedAlibabaKey> EcsMetadata::ReadKey(absl::string_view role, const CallContext& call) {
  SIGNET_ASSIGN_OR_RETURN(const crypto::SensitiveString token, FetchToken(call));
  std::string name(role);
  if (name.empty()) {
    SIGNET_ASSIGN_OR_RETURN(const HttpResponse roles, Get(kRolesPath, token, call));
    if (roles.status == 404) {
      return absl::NotFoundError(absl::StrCat(kOperation, ": this instance has no RAM role"));
    }
    name = std::string(absl::StripAsciiWhitespace(roles.body.Expose()));
    if (roles.status != 200 || !IsRoleName(name)) return Failed("named no RAM role", roles.status);
  }
  SIGNET_ASSIGN_OR_RETURN(HttpResponse response, Get(absl::StrCat(kRolesPath, name), token, call));
  if (response.status == 404) {
    return absl::UnavailableError(absl::StrCat(kOperation, ": this instance has no RAM role ", name));
  }
  if (response.status != 200) return Failed("gave no access key", response.status);
  SIGNET_ASSIGN_OR_RETURN(IssuedAlibabaKey issued, ParseAlibabaKey(kOperation, "", response.body));
  // What is left of the body has no secret any more.
  const absl::StatusOr<nlohmann::json> object = ParseJsonObject(response.body.Expose());
  if (!object.ok() || JsonString(*object, "Code").value_or("") != "Success") {
    return absl::UnavailableError(absl::StrCat(kOperation, ": the role's access key is not ready"));
  }
  if (issued.key->security_token.size() == 0 || issued.expires == absl::InfiniteFuture()) {
    return absl::UnavailableError(absl::StrCat(kOperation, ": no temporary access key"));
  }
  issued.issuer_time = DateOf(response);
  return issued;
}

}  // namespace signet::kms

#include "kms_client/vault/vault_api.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "kms_client/call_wait.h"
#include "kms_client/failure_class.h"
#include "kms_client/plain_uid.h"
#include "kms_client/retry_after.h"

namespace signet::kms {
namespace {

constexpr int kMaxRedirects = 2;
constexpr size_t kMostHeaders = 6;

HttpRequest MakeHttpRequest(const std::string& address, const std::string& name_space,
                            const VaultRequest& request, const CallContext& call) {
  HttpRequest http;
  http.operation = request.operation;
  http.method = request.method;
  http.SetUrl(absl::StrCat(address, "/v1/", request.path));
  http.headers.reserve(kMostHeaders);
  http.AddHeader("Accept", "application/json");
  // Keeps a Vault agent from answering requests that a browser was tricked into.
  http.AddHeader("X-Vault-Request", "true");
  if (!request.token.empty()) http.AddHeader("X-Vault-Token", request.token);
  if (!name_space.empty()) http.AddHeader("X-Vault-Namespace", name_space);
  if (const absl::string_view uid = PlainUid(call); !uid.empty()) http.AddHeader("X-Signet-Uid", uid);
  http.fresh_connection = !request.may_repeat;
  if (request.method == HttpMethod::kPost) {
    http.AddHeader("Content-Type", "application/json");
    std::string& body = http.body.ExposeMutable();
    body.reserve(request.body.size());
    absl::StrAppend(&body, request.body.Expose());
  }
  return http;
}

// Another node may know better: sealed, in recovery, "local node not active but active cluster node not
// found", or nothing behind this one's gateway.
bool AskAnotherNode(int status) {
  return status == 472 || status == 473 || status == 500 || (status >= 502 && status <= 504);
}

absl::Status Unreachable(absl::Status status) {
  return WithFailureClass(std::move(status), FailureClass::kUnreachable);
}

}  // namespace

VaultApi::VaultApi(std::vector<std::string> addresses, std::string name_space,
                   std::unique_ptr<HttpTransport> transport, const Clock& clock)
    : addresses_(std::move(addresses)),
      name_space_(std::move(name_space)),
      transport_(std::move(transport)),
      clock_(clock) {}

absl::StatusOr<VaultAnswer> VaultApi::Call(const VaultRequest& request, const CallContext& call) {
  const size_t first = preferred_.load();
  absl::StatusOr<VaultAnswer> answer = absl::UnavailableError("no address");
  for (size_t i = 0; i < addresses_.size(); ++i) {
    if (absl::Status alive = CheckCallAlive(clock_, call); !alive.ok()) {
      if (i == 0) return Unreachable(std::move(alive));
      return answer;
    }
    const size_t address = (first + i) % addresses_.size();
    const bool is_last = i + 1 == addresses_.size() || !request.may_repeat;
    CallContext one = call;
    if (!is_last && call.deadline != absl::InfiniteDuration()) {
      // A node that hangs must leave time for the next.
      one.deadline -= (call.deadline - clock_.Monotonic()) / 2;
    }
    answer = CallOne(address, request, one);
    const bool failed =
        answer.ok() ? AskAnotherNode(answer->status)
                    : absl::IsUnavailable(answer.status()) || absl::IsDeadlineExceeded(answer.status());
    if (!failed) {
      if (answer.ok() && i > 0) preferred_.store(address);
      return answer;
    }
    if (is_last) return answer;
  }
  return answer;
}

absl::StatusOr<VaultAnswer> VaultApi::CallOne(size_t address, const VaultRequest& request,
                                              const CallContext& call) {
  for (int redirects = 0;; ++redirects) {
    absl::StatusOr<HttpResponse> response =
        transport_->Send(MakeHttpRequest(addresses_[address], name_space_, request, call), call);
    if (!response.ok()) return Unreachable(response.status());
    if (response->status != 307) {
      VaultAnswer answer;
      answer.status = response->status;
      answer.body = std::move(response->body);
      if (const auto header = response->Header("retry-after")) {
        answer.retry_after = ParseRetryAfter(*header, clock_.Wall());
      }
      return answer;
    }
    const std::optional<size_t> target = FindAddress(response->Header("location").value_or(""));
    if (!target.has_value()) {
      return Unreachable(absl::UnavailableError(absl::StrCat(
          request.operation, ": redirected to an address that is not configured: add the leader's")));
    }
    if (redirects == kMaxRedirects) {
      return Unreachable(absl::UnavailableError(absl::StrCat(request.operation, ": redirected in a circle")));
    }
    address = *target;
  }
}

std::optional<size_t> VaultApi::FindAddress(absl::string_view location) const {
  for (size_t i = 0; i < addresses_.size(); ++i) {
    absl::string_view rest = location;
    if (absl::ConsumePrefix(&rest, addresses_[i]) && absl::StartsWith(rest, "/v1/")) return i;
  }
  return std::nullopt;
}

}  // namespace signet::kms

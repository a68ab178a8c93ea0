#include "tests/testing/faulty_front.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace signet::testing {
namespace {

// Those that belong to one connection.
bool IsPassedOn(const std::string& name) {
  static const std::set<std::string> own = {"connection", "content-length", "transfer-encoding"};
  return own.count(name) == 0;
}

kms::HttpMethod MethodOf(const std::string& name) {
  for (const kms::HttpMethod method :
       {kms::HttpMethod::kPost, kms::HttpMethod::kPut, kms::HttpMethod::kDelete}) {
    if (name == kms::HttpMethodName(method)) return method;
  }
  return kms::HttpMethod::kGet;
}

}  // namespace

FaultyFront::FaultyFront(LoopbackServer::Handler behind)
    : behind_(std::move(behind)),
      server_(std::make_unique<LoopbackServer>(
          [this](const LoopbackRequest& request) { return Handle(request); })) {}

FaultyFront::FaultyFront(LoopbackServer::Handler behind, const LoopbackTls& tls)
    : behind_(std::move(behind)),
      server_(std::make_unique<LoopbackServer>(
          [this](const LoopbackRequest& request) { return Handle(request); }, tls)) {}

void FaultyFront::Set(Rule rule) {
  MutexLock lock(mutex_);
  rule_ = std::move(rule);
}

void FaultyFront::AlwaysAnswer(LoopbackReply reply) {
  Set([reply = std::move(reply)](const LoopbackRequest&) { return std::optional<LoopbackReply>(reply); });
}

void FaultyFront::Break(LoopbackFault fault) {
  MutexLock lock(mutex_);
  fault_ = fault;
}

void FaultyFront::Mend() {
  MutexLock lock(mutex_);
  rule_ = nullptr;
  fault_ = LoopbackFault::kNone;
}

LoopbackReply FaultyFront::Handle(const LoopbackRequest& request) {
  Rule rule;
  LoopbackFault fault = LoopbackFault::kNone;
  {
    MutexLock lock(mutex_);
    rule = rule_;
    fault = fault_;
  }
  std::optional<LoopbackReply> reply = rule == nullptr ? std::nullopt : rule(request);
  // What hangs or is silent need not be asked for: the KMS would do work that nobody sees.
  const bool needs_answer = fault != LoopbackFault::kHang && fault != LoopbackFault::kCloseSilent;
  if (!reply.has_value()) reply = needs_answer ? behind_(request) : LoopbackReply{};
  if (fault != LoopbackFault::kNone) reply->fault = fault;
  return *std::move(reply);
}

LoopbackReply Forward(kms::HttpTransport& transport, const std::string& base_url,
                      const LoopbackRequest& request) {
  kms::HttpRequest forwarded;
  forwarded.operation = "forwarded";
  forwarded.method = MethodOf(request.method);
  forwarded.SetUrl(absl::StrCat(base_url, request.target));
  for (const auto& [name, value] : request.headers) {
    if (IsPassedOn(name)) forwarded.AddHeader(name, value);
  }
  forwarded.body = crypto::SensitiveString(std::string(request.body));
  forwarded.max_response_bytes = size_t{1} << 20;
  const absl::StatusOr<kms::HttpResponse> response = transport.Send(forwarded, {});
  LoopbackReply reply;
  if (!response.ok()) {
    reply.status = 502;
    return reply;
  }
  reply.status = response->status;
  for (const absl::string_view line : absl::StrSplit(response->header_lines, "\r\n", absl::SkipEmpty())) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;  // the status line
    if (IsPassedOn(absl::AsciiStrToLower(line.substr(0, colon)))) reply.headers.emplace_back(line);
  }
  reply.body = std::string(response->body.Expose());
  return reply;
}

}  // namespace signet::testing

#include "tests/testing/fake_http_transport.h"

#include "absl/strings/ascii.h"

namespace signet::testing {

absl::StatusOr<kms::HttpResponse> FakeHttpTransport::Send(const kms::HttpRequest& request,
                                                          const kms::CallContext& call) {
  SeenRequest seen;
  seen.operation = request.operation;
  seen.method = std::string(kms::HttpMethodName(request.method));
  seen.url = std::string(request.url.Expose());
  for (const kms::HttpRequestHeader& header : request.headers) {
    seen.headers[absl::AsciiStrToLower(header.name)] = std::string(header.value.Expose());
  }
  seen.body = std::string(request.body.Expose());
  {
    MutexLock lock(mutex_);
    seen_.push_back(seen);
    deadlines_.push_back(call.deadline);
  }
  if (call.cancellation != nullptr && call.cancellation->cancelled()) {
    return absl::CancelledError("the caller is gone");
  }
  return handler_(seen);
}

std::vector<SeenRequest> FakeHttpTransport::seen() const {
  MutexLock lock(mutex_);
  return seen_;
}

std::vector<MonotonicTime> FakeHttpTransport::deadlines() const {
  MutexLock lock(mutex_);
  return deadlines_;
}

kms::HttpResponse MakeResponse(int status, std::string body, std::string header_lines) {
  kms::HttpResponse response;
  response.status = status;
  response.header_lines = std::move(header_lines);
  response.body = crypto::SensitiveString(std::move(body));
  return response;
}

}  // namespace signet::testing

// FakeHttpTransport: answers in memory what a test's function says, and remembers what was asked.
#ifndef SIGNET_TESTS_TESTING_FAKE_HTTP_TRANSPORT_H_
#define SIGNET_TESTS_TESTING_FAKE_HTTP_TRANSPORT_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "kms_client/http/http_transport.h"

namespace signet::testing {

// A request with its secrets in the open, to compare.
struct SeenRequest {
  std::string operation;
  std::string method;
  std::string url;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Thread-safe; the handler runs without a lock on the caller's thread.
class FakeHttpTransport final : public kms::HttpTransport {
 public:
  using Handler = std::function<absl::StatusOr<kms::HttpResponse>(const SeenRequest&)>;

  explicit FakeHttpTransport(Handler handler) : handler_(std::move(handler)) {}

  absl::StatusOr<kms::HttpResponse> Send(const kms::HttpRequest& request,
                                         const kms::CallContext& call) override;

  std::vector<SeenRequest> seen() const;
  // Deadlines of the calls, in order.
  std::vector<MonotonicTime> deadlines() const;

 private:
  const Handler handler_;
  mutable Mutex mutex_;
  std::vector<SeenRequest> seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<MonotonicTime> deadlines_ ABSL_GUARDED_BY(mutex_);
};

// `header_lines`: "name: value\r\n" each.
kms::HttpResponse MakeResponse(int status, std::string body, std::string header_lines = "");

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FAKE_HTTP_TRANSPORT_H_

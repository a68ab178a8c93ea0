// HttpRequest and HttpResponse: values. What may be secret (URL, header values, bodies) is wiped and cannot
// be printed; `operation` is the only part of a request that ever stands in a log or an error. Not
// thread-safe.
#ifndef SIGNET_KMS_CLIENT_HTTP_HTTP_MESSAGE_H_
#define SIGNET_KMS_CLIENT_HTTP_HTTP_MESSAGE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "crypto/sensitive_string.h"

namespace signet::kms {

enum class HttpMethod { kGet, kPost, kPut, kDelete };
absl::string_view HttpMethodName(HttpMethod method);

struct HttpRequestHeader {
  std::string name;
  crypto::SensitiveString value;
};

struct HttpRequest {
  // Constant words such as "vault encrypt".
  std::string operation;
  HttpMethod method = HttpMethod::kGet;
  // Percent-encoded already; sent as it is. Alibaba's carry a plaintext.
  crypto::SensitiveString url;
  std::vector<HttpRequestHeader> headers;
  // Sent with POST and PUT, empty or not.
  crypto::SensitiveString body;
  // A longer answer is refused.
  size_t max_response_bytes = size_t{64} << 10;
  // For what must not be done twice: on a kept connection that the server closes without a word, a request is
  // sent again by itself.
  bool fresh_connection = false;

  void SetUrl(absl::string_view text) { url = crypto::SensitiveString(std::string(text)); }
  void AddHeader(absl::string_view name, absl::string_view value) {
    headers.push_back({std::string(name), crypto::SensitiveString(std::string(value))});
  }
};

struct HttpResponse {
  int status = 0;
  // As they came, a line each.
  std::string header_lines;
  crypto::SensitiveString body;

  // The first header of this name, in whatever case; without the blanks around it.
  std::optional<absl::string_view> Header(absl::string_view name) const;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_HTTP_MESSAGE_H_

// HttpTransport: sends one request and returns whatever was answered. An HTTP error is a response; only the
// backend knows what its vendor means by it.
//
// Thread-safe. Send blocks until the answer, the call's deadline or its cancellation. One attempt, no
// redirects, no retry but the one that a kept-alive connection needs when the server had closed it. Error
// texts hold the operation, host and port, never the URL's path or query, a header or a body.
//
// UNAVAILABLE: no connection, no name, TLS failure, a time-out of the transport's own, an answer that is cut
// short, longer than allowed or no HTTP; DEADLINE_EXCEEDED: the call's deadline; CANCELLED; INVALID_ARGUMENT:
// not a URL that may be called. NOT_FOUND, PERMISSION_DENIED and
// FAILED_PRECONDITION as from WatchedFile, and INVALID_ARGUMENT, for the CA bundle, certificate and key come
// as UNAVAILABLE: they may be put right.
#ifndef SIGNET_KMS_CLIENT_HTTP_HTTP_TRANSPORT_H_
#define SIGNET_KMS_CLIENT_HTTP_HTTP_TRANSPORT_H_

#include "absl/status/statusor.h"
#include "kms_client/http/http_message.h"
#include "kms_client/kms_client.h"

namespace signet::kms {

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;
  virtual absl::StatusOr<HttpResponse> Send(const HttpRequest& request, const CallContext& call) = 0;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_HTTP_TRANSPORT_H_

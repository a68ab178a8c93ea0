// ResponseSink: takes an answer from libcurl's callbacks, within bounds, without leaving copies of the body
// behind. Not thread-safe.
#ifndef SIGNET_KMS_CLIENT_HTTP_RESPONSE_SINK_H_
#define SIGNET_KMS_CLIENT_HTTP_RESPONSE_SINK_H_

#include <curl/curl.h>

#include <cstddef>

#include "kms_client/http/http_message.h"

namespace signet::kms {

class ResponseSink {
 public:
  explicit ResponseSink(size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}
  ResponseSink(const ResponseSink&) = delete;
  ResponseSink& operator=(const ResponseSink&) = delete;

  // Makes `easy` write here.
  void Attach(CURL* easy);
  bool too_long() const { return too_long_; }
  HttpResponse Take(CURL* easy);

 private:
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  bool AddBody(absl::string_view bytes);
  bool AddHeader(absl::string_view line);

  const size_t max_body_bytes_;
  size_t header_bytes_ = 0;
  bool too_long_ = false;
  HttpResponse response_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_RESPONSE_SINK_H_

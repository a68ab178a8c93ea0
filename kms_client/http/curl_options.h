// CurlOptions: one call's settings on a libcurl handle, and what must live as long as the transfer. Not
// thread-safe.
#ifndef SIGNET_KMS_CLIENT_HTTP_CURL_OPTIONS_H_
#define SIGNET_KMS_CLIENT_HTTP_CURL_OPTIONS_H_

#include <curl/curl.h>

#include <string>

#include "absl/status/status.h"
#include "kms_client/http/curl_channel.h"
#include "kms_client/http/response_sink.h"

namespace signet::kms {

class CurlOptions {
 public:
  // Both outlive this object.
  CurlOptions(CURL* easy, const ChannelCall& call)
      : easy_(easy), call_(call), sink_(call.request.max_response_bytes) {}
  ~CurlOptions();
  CurlOptions(const CurlOptions&) = delete;
  CurlOptions& operator=(const CurlOptions&) = delete;

  // INVALID_ARGUMENT: not a URL, or a scheme that may not be used.
  absl::Status Apply();
  ResponseSink& sink() { return sink_; }
  // "host:port", for error texts.
  const std::string& endpoint() const { return endpoint_; }

 private:
  absl::Status ApplyUrl();
  absl::Status ApplyHeaders();
  void ApplyMethod();
  void ApplyTimeouts();
  void ApplyTls();
  void ApplyProxy();
  bool AppendHeader(absl::string_view name, absl::string_view value);

  CURL* const easy_;
  const ChannelCall& call_;
  ResponseSink sink_;
  std::string endpoint_;
  std::string host_header_;  // where the URL's host is replaced by the TLS server name
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_CURL_OPTIONS_H_

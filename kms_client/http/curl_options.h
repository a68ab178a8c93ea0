// CurlOptions: one call's settings on a libcurl handle, and what must live as long as the transfer. What is
// the same for the next call stays on the handle: setting all of it anew costs as much as sending the
// request. Not thread-safe.
#ifndef SIGNET_KMS_CLIENT_HTTP_CURL_OPTIONS_H_
#define SIGNET_KMS_CLIENT_HTTP_CURL_OPTIONS_H_

#include <curl/curl.h>

#include <array>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kms_client/http/curl_channel.h"
#include "kms_client/http/response_sink.h"

namespace signet::kms {

class CurlOptions {
 public:
  // `easy` outlives this object.
  explicit CurlOptions(CURL* easy) : easy_(easy) {}
  ~CurlOptions();
  CurlOptions(const CurlOptions&) = delete;
  CurlOptions& operator=(const CurlOptions&) = delete;

  // INVALID_ARGUMENT: not a URL, or a scheme that may not be used. `call` and `sink` are used until Forget.
  absl::Status Apply(const ChannelCall& call, ResponseSink& sink);
  // After every Apply, whatever became of it: takes what may be secret off the handle.
  void Forget();
  // "host:port" of the last call, for error texts.
  const std::string& endpoint() const { return endpoint_; }
  // What libcurl itself says of the last call's failure: may quote the URL. Until the next Apply.
  absl::string_view detail() const { return detail_.data(); }

 private:
  // What differs from transport to transport but not from call to call, files that were renewed excepted.
  void ApplyFixed(const ChannelCall& call);
  void ApplyTls(const ChannelCall& call);
  void ApplyProxy(const ProxySettings& proxy);
  absl::Status ApplyUrl(const ChannelCall& call);
  absl::Status ApplyHeaders(const HttpRequest& request);
  void ApplyMethod(const HttpRequest& request);
  void ApplyTimeouts(const ChannelCall& call);
  void AppendHeader(absl::string_view name, absl::string_view value);

  CURL* const easy_;
  bool fixed_ = false;
  // Those that the handle points to.
  TlsMaterial tls_;
  // The one that is set, when it is: without a query, which may be secret.
  std::string url_;
  std::string endpoint_;
  std::string host_header_;  // where the URL's host is replaced by the TLS server name
  // Lines of text, each ended by a zero, and the list that libcurl reads them by.
  crypto::SensitiveString header_text_;
  std::vector<size_t> header_starts_;
  std::vector<curl_slist> header_list_;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> detail_ = {};
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_CURL_OPTIONS_H_

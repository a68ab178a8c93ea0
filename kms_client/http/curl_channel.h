// CurlChannel: one libcurl handle with the connections it keeps, used by one call at a time. Inside of the
// transport; nobody else includes this.
#ifndef SIGNET_KMS_CLIENT_HTTP_CURL_CHANNEL_H_
#define SIGNET_KMS_CLIENT_HTTP_CURL_CHANNEL_H_

#include <curl/curl.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "kms_client/http/http_message.h"
#include "kms_client/http/http_settings.h"
#include "kms_client/watched_file.h"

namespace signet::kms {

// The files as they are at the time of the call; null where there is none.
struct TlsMaterial {
  std::shared_ptr<const WatchedFile::Content> ca;
  std::shared_ptr<const WatchedFile::Content> certificate;
  std::shared_ptr<const WatchedFile::Content> key;
};

struct ChannelCall {
  const HttpRequest& request;
  const HttpSettings& settings;
  absl::Duration timeout;
  bool cut_by_deadline = false;  // `timeout` is what the caller has left, not our own limit
  CancellationToken* cancellation = nullptr;
  TlsMaterial tls = {};
};

class CurlOptions;
class ResponseSink;

// Not thread-safe. All its calls have the same settings.
class CurlChannel {
 public:
  // RESOURCE_EXHAUSTED: libcurl has no memory.
  static absl::StatusOr<std::unique_ptr<CurlChannel>> Create();
  ~CurlChannel();
  CurlChannel(const CurlChannel&) = delete;
  CurlChannel& operator=(const CurlChannel&) = delete;

  // Status codes as of HttpTransport::Send.
  absl::StatusOr<HttpResponse> Perform(const ChannelCall& call);

 private:
  CurlChannel(CURLM* multi, CURL* easy);
  absl::StatusOr<HttpResponse> PerformInto(const ChannelCall& call, ResponseSink& sink);
  // The transfer's result; `cancelled` when it was given up for the token's sake.
  CURLcode Run(CancellationToken* cancellation, bool& cancelled);

  CURLM* const multi_;
  CURL* const easy_;
  const std::unique_ptr<CurlOptions> options_;
};

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_CURL_CHANNEL_H_

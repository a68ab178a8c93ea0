// Says in our words why libcurl could not bring an answer. libcurl's own texts may quote the URL and are
// never shown.
#ifndef SIGNET_KMS_CLIENT_HTTP_CURL_ERROR_H_
#define SIGNET_KMS_CLIENT_HTTP_CURL_ERROR_H_

#include <curl/curl.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kms_client/http/curl_channel.h"

namespace signet::kms {

// `easy` has just ended with `code`, which is not CURLE_OK. `endpoint` is "host:port"; `detail` is libcurl's
// own text, which is looked into and not shown.
absl::Status DescribeCurlError(CURL* easy, CURLcode code, const ChannelCall& call, absl::string_view endpoint,
                               absl::string_view detail);

}  // namespace signet::kms

#endif  // SIGNET_KMS_CLIENT_HTTP_CURL_ERROR_H_

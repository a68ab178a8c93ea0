#include "kms_client/http/curl_error.h"

#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "crypto/certificate_error.h"

namespace signet::kms {
namespace {

std::string ConnectReason(CURL* easy) {
  long error = 0;
  ::curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
  if (error == 0) return "";
  char buffer[128];
  return absl::StrCat(": ",
                      absl::AsciiStrToLower(::strerror_r(static_cast<int>(error), buffer, sizeof(buffer))));
}

std::string VerifyReason(CURL* easy) {
  long result = 0;
  ::curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
  // Names are compared by libcurl itself once OpenSSL has accepted the chain, before it notes OpenSSL's
  // verdict: then this still is the 1 that it begins with, which OpenSSL never uses.
  if (result == 0 || result == 1) return "the certificate is not for this host name";
  return std::string(crypto::CertificateErrorText(result));
}

// Under TLS 1.3 a server refuses a client certificate after the handshake, so it looks like a connection that
// breaks. Only libcurl's text has the alert, and not even that where the connection was reset before it was
// read.
std::string BrokenReason(CURL* easy, absl::string_view detail) {
  if (absl::StrContains(detail, "alert") &&
      (absl::StrContains(detail, "certificate") || absl::StrContains(detail, "unknown ca"))) {
    return "TLS: our client certificate was refused, or is missing";
  }
  double after_tls = 0;
  long new_connections = 0;
  long answered_bytes = 0;
  ::curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME, &after_tls);
  ::curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &new_connections);
  ::curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &answered_bytes);
  if (after_tls > 0 && new_connections > 0 && answered_bytes == 0) {
    return "the connection broke right after the TLS handshake; maybe our client certificate was refused, or "
           "is "
           "missing";
  }
  return "the connection broke";
}

std::string Reason(CURL* easy, CURLcode code, absl::string_view detail) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the host name does not resolve";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the proxy's host name does not resolve";
    case CURLE_PROXY:
      return "the proxy refused";
    case CURLE_COULDNT_CONNECT:
      return absl::StrCat("cannot connect", ConnectReason(easy));
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::StrCat("TLS: certificate not trusted: ", VerifyReason(easy));
    case CURLE_SSL_CONNECT_ERROR:
      return "TLS: handshake failed (not a TLS port, a version below 1.2, or our certificate was refused)";
    case CURLE_SSL_CACERT_BADFILE:
      return "TLS: the CA bundle cannot be parsed";
    case CURLE_SSL_CERTPROBLEM:
      return "TLS: the client certificate or its key cannot be used";
    case CURLE_GOT_NOTHING:
      return "the connection was closed without an answer";
    case CURLE_PARTIAL_FILE:
      return "the answer is cut short";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return BrokenReason(easy, detail);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return "what was answered is no HTTP";
    case CURLE_OUT_OF_MEMORY:
      return "no memory";
    default:
      return absl::StrCat("transfer failed (libcurl code ", static_cast<int>(code), ")");
  }
}

}  // namespace

absl::Status DescribeCurlError(CURL* easy, CURLcode code, const ChannelCall& call, absl::string_view endpoint,
                               absl::string_view detail) {
  const std::string& operation = call.request.operation;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    // Not CURLINFO_CONNECT_TIME: that is zero on a kept connection, and set before TLS is agreed on.
    double ready_to_send = 0;
    ::curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME, &ready_to_send);
    const bool connected = ready_to_send > 0;
    const absl::string_view what = connected ? "no answer in time" : "no connection in time";
    const std::string text = absl::StrCat(operation, ": ", endpoint, ": ", what);
    // The connect limit may have come first; then the caller still has time for another attempt.
    const bool own_limit = !connected && call.settings.connect_timeout < call.timeout;
    if (call.cut_by_deadline && !own_limit) return absl::DeadlineExceededError(text);
    return absl::UnavailableError(text);
  }
  return absl::UnavailableError(absl::StrCat(operation, ": ", endpoint, ": ", Reason(easy, code, detail)));
}

}  // namespace signet::kms

#include "kms_client/http/curl_error.h"

#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
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

std::string Reason(CURL* easy, CURLcode code) {
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
      return "the connection broke";
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

absl::Status DescribeCurlError(CURL* easy, CURLcode code, const ChannelCall& call,
                               absl::string_view endpoint) {
  const std::string& operation = call.request.operation;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    double connected = 0;
    ::curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME, &connected);
    const absl::string_view what = connected > 0 ? "no answer in time" : "no connection in time";
    const std::string text = absl::StrCat(operation, ": ", endpoint, ": ", what);
    // The connect limit may have come first; then the caller still has time for another attempt.
    const bool own_limit = connected <= 0 && call.settings.connect_timeout < call.timeout;
    if (call.cut_by_deadline && !own_limit) return absl::DeadlineExceededError(text);
    return absl::UnavailableError(text);
  }
  return absl::UnavailableError(absl::StrCat(operation, ": ", endpoint, ": ", Reason(easy, code)));
}

}  // namespace signet::kms

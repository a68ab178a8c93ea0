#include "kms_client/http/curl_options.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet::kms {
namespace {

// Below the idle limits of common load balancers, above the pace of our watchers.
constexpr long kMaxIdleSeconds = 300;
// So that a moved address is noticed although a connection never falls idle.
constexpr long kMaxConnectionSeconds = 3600;
constexpr long kKeepAliveSeconds = 30;
// Answers are short. libcurl gets and wipes one of these for every call.
constexpr long kReceiveBytes = 4096;

// Colon, blank and zero; with "Host" and "Expect:".
constexpr size_t kHeaderExtraBytes = 3;
constexpr size_t kOwnHeaderBytes = 4 + kHeaderExtraBytes + 7 + 1;

struct UrlDeleter {
  void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

std::string UrlPart(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (::curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string result = text;
  ::curl_free(text);
  return result;
}

long Milliseconds(absl::Duration duration) {
  return static_cast<long>(std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, int64_t{3600} * 1000));
}

curl_blob BlobOf(const WatchedFile::Content& content) {
  const absl::string_view bytes = content.bytes.Expose();
  // libcurl does not write to a blob that it does not copy.
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

}  // namespace

CurlOptions::~CurlOptions() { ::curl_slist_free_all(connect_to_); }

absl::Status CurlOptions::Apply(const ChannelCall& call, ResponseSink& sink) {
  const bool same_files =
      tls_.ca == call.tls.ca && tls_.certificate == call.tls.certificate && tls_.key == call.tls.key;
  if (!fixed_ || !same_files) ApplyFixed(call);
  if (url_.empty() || call.request.url.Expose() != url_) SIGNET_RETURN_IF_ERROR(ApplyUrl(call));
  SIGNET_RETURN_IF_ERROR(ApplyHeaders(call.request));
  ApplyMethod(call.request);
  ApplyTimeouts(call);
  ::curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, call.request.fresh_connection ? 1L : 0L);
  detail_.front() = '\0';
  sink.Attach(easy_);
  return absl::OkStatus();
}

void CurlOptions::Forget() {
  ::curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
  header_list_.clear();
  header_starts_.clear();
  crypto::WipeString(header_text_.ExposeMutable());
  // The body is the request's own.
  ::curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, nullptr);
  if (url_.empty()) ::curl_easy_setopt(easy_, CURLOPT_URL, nullptr);
}

void CurlOptions::ApplyFixed(const ChannelCall& call) {
  // Keeps connections, sessions and names; forgets every option.
  ::curl_easy_reset(easy_);
  url_.clear();
  tls_ = call.tls;
  ApplyTls(call);
  ApplyProxy(call.settings.proxy);
  ::curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, detail_.data());
  ::curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReceiveBytes);
  ::curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  ::curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  ::curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, kKeepAliveSeconds);
  ::curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  ::curl_easy_setopt(easy_, CURLOPT_MAXLIFETIME_CONN, kMaxConnectionSeconds);
  // A cancelled call must not wait for a name server.
  ::curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  fixed_ = true;
}

absl::Status CurlOptions::ApplyUrl(const ChannelCall& call) {
  const std::string& operation = call.request.operation;
  url_.clear();
  host_header_.clear();
  const absl::string_view given = call.request.url.Expose();
  // Wiped, as it may carry a plaintext.
  const crypto::SensitiveString copy{std::string(given)};
  const Url url(::curl_url());
  if (url == nullptr || ::curl_url_set(url.get(), CURLUPART_URL, copy.Expose().data(), 0) != CURLUE_OK) {
    return absl::InvalidArgumentError(absl::StrCat(operation, ": the address is no URL"));
  }
  const std::string scheme = UrlPart(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && !(scheme == "http" && call.settings.allow_plain_http)) {
    return absl::InvalidArgumentError(absl::StrCat(operation, ": the address must begin with https://"));
  }
  const std::string host = UrlPart(url.get(), CURLUPART_HOST);
  const std::string port = UrlPart(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  endpoint_ = absl::StrCat(host, ":", port);
  ::curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, nullptr);
  ::curl_slist_free_all(connect_to_);
  connect_to_ = nullptr;
  const std::string& server_name = call.settings.tls.server_name;
  if (scheme == "https" && !server_name.empty() && server_name != host) {
    // libcurl takes SNI and the name to verify from the URL: put the server's name there, and connect where
    // the URL said, whose name the Host header keeps.
    const std::string explicit_port = UrlPart(url.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    host_header_ = explicit_port.empty() ? host : absl::StrCat(host, ":", explicit_port);
    connect_to_ =
        ::curl_slist_append(nullptr, absl::StrCat(server_name, ":", port, ":", host, ":", port).c_str());
    ::curl_url_set(url.get(), CURLUPART_HOST, server_name.c_str(), 0);
    ::curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  }
  const crypto::SensitiveString sent(host_header_.empty() ? std::string(given)
                                                          : UrlPart(url.get(), CURLUPART_URL));
  ::curl_easy_setopt(easy_, CURLOPT_URL, sent.Expose().data());
  ::curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, scheme.c_str());
  if (given.find('?') == absl::string_view::npos) url_ = std::string(given);
  return absl::OkStatus();
}

void CurlOptions::AppendHeader(absl::string_view name, absl::string_view value) {
  header_starts_.push_back(header_text_.size());
  // libcurl's way to send a header without a value is a semicolon instead of the colon.
  absl::StrAppend(&header_text_.ExposeMutable(), name, value.empty() ? ";" : ": ", value,
                  absl::string_view("", 1));
}

absl::Status CurlOptions::ApplyHeaders(const HttpRequest& request) {
  size_t size = kOwnHeaderBytes + host_header_.size();
  for (const HttpRequestHeader& header : request.headers) {
    const absl::string_view value = header.value.Expose();
    // A line break would begin another header, a zero end this one.
    if (std::any_of(value.begin(), value.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; })) {
      return absl::InvalidArgumentError(
          absl::StrCat(request.operation, ": a control character in header ", header.name));
    }
    size += header.name.size() + value.size() + kHeaderExtraBytes;
  }
  // Growing by itself the string would leave a token behind.
  header_text_.ExposeMutable().reserve(size);
  for (const HttpRequestHeader& header : request.headers) AppendHeader(header.name, header.value.Expose());
  if (!host_header_.empty()) AppendHeader("Host", host_header_);
  // libcurl's own addition, removed.
  header_starts_.push_back(header_text_.size());
  absl::StrAppend(&header_text_.ExposeMutable(), "Expect:", absl::string_view("", 1));
  header_list_.resize(header_starts_.size());
  for (size_t i = 0; i < header_list_.size(); ++i) {
    header_list_[i].data = header_text_.ExposeMutable().data() + header_starts_[i];
    header_list_[i].next = i + 1 < header_list_.size() ? &header_list_[i + 1] : nullptr;
  }
  ::curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_.data());
  return absl::OkStatus();
}

void CurlOptions::ApplyMethod(const HttpRequest& request) {
  const bool sends_body = request.method == HttpMethod::kPost || request.method == HttpMethod::kPut;
  if (sends_body) {
    ::curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    // Not copied: the request outlives the transfer.
    ::curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    ::curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.Expose().data());
  } else {
    ::curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  const char* const name = request.method == HttpMethod::kPut      ? "PUT"
                           : request.method == HttpMethod::kDelete ? "DELETE"
                                                                   : nullptr;
  ::curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, name);
}

void CurlOptions::ApplyTimeouts(const ChannelCall& call) {
  ::curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, Milliseconds(call.timeout));
  ::curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                     Milliseconds(std::min(call.timeout, call.settings.connect_timeout)));
}

void CurlOptions::ApplyTls(const ChannelCall& call) {
  ::curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  ::curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  ::curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  ::curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  if (call.tls.ca != nullptr) {
    const curl_blob ca = BlobOf(*call.tls.ca);
    ::curl_easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &ca);
    // Otherwise the system's folder of CAs would be trusted besides.
    ::curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  }
  if (call.tls.certificate != nullptr) {
    const curl_blob certificate = BlobOf(*call.tls.certificate);
    const curl_blob key = BlobOf(*call.tls.key);
    ::curl_easy_setopt(easy_, CURLOPT_SSLCERT_BLOB, &certificate);
    ::curl_easy_setopt(easy_, CURLOPT_SSLKEY_BLOB, &key);
  }
}

void CurlOptions::ApplyProxy(const ProxySettings& proxy) {
  if (proxy.from_environment) return;
  // An empty string, other than none at all, keeps libcurl from looking into the environment.
  ::curl_easy_setopt(easy_, CURLOPT_PROXY, proxy.url.c_str());
  ::curl_easy_setopt(easy_, CURLOPT_NOPROXY, proxy.no_proxy.c_str());
}

}  // namespace signet::kms

#include "kms_client/http/curl_channel.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kms_client/http/curl_error.h"
#include "kms_client/http/curl_options.h"

namespace signet::kms {
namespace {

// How long a poll lasts at most when libcurl itself has nothing due; cancellation wakes it at once.
constexpr int kPollMilliseconds = 1000;

}  // namespace

absl::StatusOr<std::unique_ptr<CurlChannel>> CurlChannel::Create() {
  CURLM* const multi = ::curl_multi_init();
  if (multi == nullptr) return absl::ResourceExhaustedError("no memory for a connection");
  CURL* const easy = ::curl_easy_init();
  if (easy == nullptr) {
    ::curl_multi_cleanup(multi);
    return absl::ResourceExhaustedError("no memory for a connection");
  }
  ::curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4L);
  return std::unique_ptr<CurlChannel>(new CurlChannel(multi, easy));
}

CurlChannel::CurlChannel(CURLM* multi, CURL* easy)
    : multi_(multi), easy_(easy), options_(std::make_unique<CurlOptions>(easy)) {}

CurlChannel::~CurlChannel() {
  ::curl_easy_cleanup(easy_);
  ::curl_multi_cleanup(multi_);
}

absl::StatusOr<HttpResponse> CurlChannel::Perform(const ChannelCall& call) {
  ResponseSink sink(call.request.max_response_bytes);
  absl::StatusOr<HttpResponse> response = PerformInto(call, sink);
  options_->Forget();
  return response;
}

absl::StatusOr<HttpResponse> CurlChannel::PerformInto(const ChannelCall& call, ResponseSink& sink) {
  SIGNET_RETURN_IF_ERROR(options_->Apply(call, sink));
  bool cancelled = false;
  const CURLcode code = Run(call.cancellation, cancelled);
  const std::string& operation = call.request.operation;
  if (cancelled) return absl::CancelledError(absl::StrCat(operation, ": the caller is gone"));
  if (sink.too_long()) {
    return absl::UnavailableError(
        absl::StrCat(operation, ": the answer is longer than ", call.request.max_response_bytes, " bytes"));
  }
  if (code != CURLE_OK) return DescribeCurlError(easy_, code, call, options_->endpoint(), options_->detail());
  return sink.Take(easy_);
}

CURLcode CurlChannel::Run(CancellationToken* cancellation, bool& cancelled) {
  CancellationToken::CallbackId callback = 0;
  if (cancellation != nullptr) {
    callback = cancellation->OnCancel([multi = multi_] { ::curl_multi_wakeup(multi); });
  }
  CURLcode code = CURLE_FAILED_INIT;
  if (::curl_multi_add_handle(multi_, easy_) == CURLM_OK) {
    int running = 1;
    while (::curl_multi_perform(multi_, &running) == CURLM_OK && running > 0) {
      if (cancellation != nullptr && cancellation->cancelled()) {
        cancelled = true;
        break;
      }
      if (::curl_multi_poll(multi_, nullptr, 0, kPollMilliseconds, nullptr) != CURLM_OK) break;
    }
    int left = 0;
    while (const CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    ::curl_multi_remove_handle(multi_, easy_);
  }
  if (cancellation != nullptr) cancellation->RemoveCallback(callback);
  return code;
}

}  // namespace signet::kms

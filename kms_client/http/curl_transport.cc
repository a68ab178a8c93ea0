#include "kms_client/http/curl_transport.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "kms_client/http/curl_channel.h"
#include "kms_client/watched_file.h"

namespace signet::kms {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;

class CurlTransport final : public HttpTransport {
 public:
  CurlTransport(HttpSettings settings, const Clock& clock) : settings_(std::move(settings)), clock_(clock) {
    const TlsSettings& tls = settings_.tls;
    if (!tls.ca_file.empty()) ca_.emplace(tls.ca_file, FileSecrecy::kPublic, kMaxPemBytes);
    if (!tls.client_certificate_file.empty()) {
      certificate_.emplace(tls.client_certificate_file, FileSecrecy::kPublic, kMaxPemBytes);
      key_.emplace(tls.client_key_file, FileSecrecy::kSecret, kMaxPemBytes);
    }
  }

  absl::StatusOr<HttpResponse> Send(const HttpRequest& request, const CallContext& call) override {
    if (call.cancellation != nullptr && call.cancellation->cancelled()) {
      return absl::CancelledError(absl::StrCat(request.operation, ": the caller is gone"));
    }
    const absl::Duration left = call.deadline - clock_.Monotonic();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat(request.operation, ": out of time"));
    }
    ChannelCall channel_call{.request = request,
                             .settings = settings_,
                             .timeout = std::min(left, settings_.total_timeout),
                             .cut_by_deadline = left <= settings_.total_timeout,
                             .cancellation = call.cancellation.get()};
    SIGNET_RETURN_IF_ERROR(ReadTlsFiles(request.operation, channel_call.tls));
    SIGNET_ASSIGN_OR_RETURN(std::unique_ptr<CurlChannel> channel, Borrow());
    absl::StatusOr<HttpResponse> response = channel->Perform(channel_call);
    Return(std::move(channel));
    return response;
  }

 private:
  absl::Status ReadTlsFiles(absl::string_view operation, TlsMaterial& tls) {
    SIGNET_RETURN_IF_ERROR(ReadTlsFile(operation, ca_, tls.ca));
    SIGNET_RETURN_IF_ERROR(ReadTlsFile(operation, certificate_, tls.certificate));
    return ReadTlsFile(operation, key_, tls.key);
  }

  static absl::Status ReadTlsFile(absl::string_view operation, std::optional<WatchedFile>& file,
                                  std::shared_ptr<const WatchedFile::Content>& content) {
    if (!file.has_value()) return absl::OkStatus();
    absl::StatusOr<std::shared_ptr<const WatchedFile::Content>> read = file->Read();
    if (!read.ok()) return absl::UnavailableError(absl::StrCat(operation, ": ", read.status().message()));
    content = *std::move(read);
    return absl::OkStatus();
  }

  // The channel used last: its connection is the one most likely alive.
  absl::StatusOr<std::unique_ptr<CurlChannel>> Borrow() {
    {
      MutexLock lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<CurlChannel> channel = std::move(idle_.back());
        idle_.pop_back();
        return channel;
      }
    }
    return CurlChannel::Create();
  }

  void Return(std::unique_ptr<CurlChannel> channel) {
    std::unique_ptr<CurlChannel> surplus;  // closed outside the lock
    MutexLock lock(mutex_);
    if (idle_.size() < settings_.max_idle_connections) {
      idle_.push_back(std::move(channel));
    } else {
      surplus = std::move(channel);
    }
  }

  const HttpSettings settings_;
  const Clock& clock_;
  std::optional<WatchedFile> ca_;
  std::optional<WatchedFile> certificate_;
  std::optional<WatchedFile> key_;

  Mutex mutex_;
  std::vector<std::unique_ptr<CurlChannel>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<HttpTransport> MakeCurlTransport(HttpSettings settings, const Clock& clock) {
  return std::make_unique<CurlTransport>(std::move(settings), clock);
}

}  // namespace signet::kms

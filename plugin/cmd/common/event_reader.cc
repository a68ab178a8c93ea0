#include "plugin/cmd/common/event_reader.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace signet {
namespace {

constexpr absl::Duration kFirstAnswer = absl::Seconds(10);
// Nobody waits longer than this at a time; keeps the clock's arithmetic finite.
constexpr absl::Duration kLongest = absl::Hours(1);

absl::Duration ToDuration(const google::protobuf::Duration& message) {
  return absl::Seconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

gpr_timespec FromNow(absl::Duration duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_micros(absl::ToInt64Microseconds(duration), GPR_TIMESPAN));
}

}  // namespace

EventReader::EventReader(std::shared_ptr<DaemonChannel> connection, bool recent)
    : connection_(std::move(connection)),
      stub_(admin::v1::AdminService::NewStub(connection_->channel)),
      patience_(kFirstAnswer),
      heard_(SystemClock().Monotonic()) {
  admin::v1::WatchEventsRequest request;
  request.set_recent(recent);
  reader_ = stub_->AsyncWatchEvents(&context_, request, &queue_, this);
}

EventReader::~EventReader() {
  context_.TryCancel();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

absl::StatusOr<std::optional<admin::v1::WatchEventsResponse>> EventReader::Next(absl::Duration timeout) {
  const MonotonicTime end = SystemClock().Monotonic() + std::clamp(timeout, absl::ZeroDuration(), kLongest);
  while (true) {
    const MonotonicTime silent = heard_ + patience_;
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, FromNow(std::min(end, silent) - SystemClock().Monotonic())) !=
        grpc::CompletionQueue::GOT_EVENT) {
      if (SystemClock().Monotonic() < silent) return std::nullopt;
      return absl::DeadlineExceededError(
          absl::StrCat(connection_->socket, ": signetd is silent; it hangs or is overloaded"));
    }
    if (!ok) return End();
    const bool has_answer = std::exchange(started_, true);
    std::optional<admin::v1::WatchEventsResponse> answer;
    if (has_answer) {
      answer = std::move(answer_);
      heard_ = SystemClock().Monotonic();
      patience_ = std::max(3 * ToDuration(answer->heartbeat()), absl::Seconds(1));
    }
    answer_.Clear();
    reader_->Read(&answer_, this);
    if (has_answer) return answer;
  }
}

absl::Status EventReader::End() {
  grpc::Status status;
  reader_->Finish(&status, this);
  void* tag = nullptr;
  bool ok = false;
  queue_.Next(&tag, &ok);
  SIGNET_RETURN_IF_ERROR(FromGrpc(*connection_, status));
  return absl::UnavailableError(absl::StrCat(connection_->socket, ": signetd ended the stream"));
}

}  // namespace signet

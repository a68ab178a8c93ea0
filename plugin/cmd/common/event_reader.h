// EventReader: the events of a running signetd, as they happen. One connection's stream.
//
// Not thread-safe. The end of the object ends the stream.
#ifndef SIGNET_PLUGIN_CMD_COMMON_EVENT_READER_H_
#define SIGNET_PLUGIN_CMD_COMMON_EVENT_READER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "plugin/cmd/common/daemon_client.h"
#include "proto/admin/v1/admin.grpc.pb.h"

namespace signet {

class EventReader {
 public:
  EventReader(std::shared_ptr<DaemonChannel> connection, bool recent);
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // The next answer: the first comes at once, one without events is a heartbeat. Nothing: none came within
  // `timeout`. An error ends the stream: what signetd answered; UNAVAILABLE: the connection was closed;
  // DEADLINE_EXCEEDED: signetd is silent for longer than three heartbeats. Not to be called after one.
  absl::StatusOr<std::optional<admin::v1::WatchEventsResponse>> Next(absl::Duration timeout);

 private:
  absl::Status End();

  const std::shared_ptr<DaemonChannel> connection_;
  const std::unique_ptr<admin::v1::AdminService::Stub> stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  admin::v1::WatchEventsResponse answer_;
  std::unique_ptr<grpc::ClientAsyncReader<admin::v1::WatchEventsResponse>> reader_;
  bool started_ = false;     // what comes from the queue is an answer from then on
  absl::Duration patience_;  // how long signetd may be silent
  MonotonicTime heard_;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_CMD_COMMON_EVENT_READER_H_

// StreamWakeup: an event on a completion queue at a set time, or before it when somebody calls Wake: how
// other threads reach a stream that belongs to the polling thread.
//
// Wake is thread-safe and does not block; the rest belongs to the polling thread. Shared with whoever may
// wake it: that may happen after the stream's end, and then does nothing.
#ifndef SIGNET_PLUGIN_SERVER_STREAM_WAKEUP_H_
#define SIGNET_PLUGIN_SERVER_STREAM_WAKEUP_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"
#include "base/mutex.h"

namespace signet {

class StreamWakeup {
 public:
  // `tag` comes from `queue` after `longest`, or at once if Wake was called since the last Disarm. Not while
  // armed; `queue` must not be shut down before the event came.
  void Arm(grpc::CompletionQueue& queue, absl::Duration longest, void* tag);
  // To be called when the event came. True: because of Wake.
  bool Disarm();
  void Wake();

 private:
  Mutex mutex_;
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
  bool armed_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_STREAM_WAKEUP_H_

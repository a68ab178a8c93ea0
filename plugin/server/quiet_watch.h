// QuietWatch: waits until no more calls come, as the thread that polls the completion queue sees it.
//
// A clock cannot tell: on a busy machine requests lie unread in their sockets while it goes on. So the
// polling thread is asked again and again, by events that it meets between its looks at the sockets. Not by
// alarms set to a later time: gRPC waits for those by the wall clock, for hours longer if it is set back.
//
// Wait is called once, by any thread but the polling one.
#ifndef SIGNET_PLUGIN_SERVER_QUIET_WATCH_H_
#define SIGNET_PLUGIN_SERVER_QUIET_WATCH_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/server/call_ledger.h"
#include "plugin/server/completion_tag.h"

namespace signet {

class QuietWatch final : public CompletionTag {
 public:
  // All outlive the watch. Its event counts as posted in the ledger; the watch may end once
  // CallLedger::WaitUntilUnposted has returned.
  QuietWatch(grpc::CompletionQueue& queue, CallLedger& ledger, const Clock& clock)
      : queue_(queue), ledger_(ledger), clock_(clock) {}

  // Blocks until no call was in flight and none began for forty looks at the sockets, 5 ms and more apart.
  // False: calls still came after two hundred looks, or `deadline` passed.
  bool Wait(MonotonicTime deadline);

  void OnEvent(bool ok) override;

 private:
  // Leaves the polling thread alone for 5 ms, then waits until it was there. False: `deadline` passed.
  bool Look(MonotonicTime deadline);

  grpc::CompletionQueue& queue_;
  CallLedger& ledger_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar met_changed_;
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
  bool met_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_QUIET_WATCH_H_

// QuietWatch: waits until no more calls come, as the thread that polls the completion queue sees it.
//
// A clock cannot tell: on a busy machine requests lie unread in their sockets while it goes on. So the
// polling thread is asked again and again, by alarms that it meets only after it has looked at the sockets
// once more.
//
// Wait is called once, by any thread but the polling one.
#ifndef SIGNET_PLUGIN_SERVER_QUIET_WATCH_H_
#define SIGNET_PLUGIN_SERVER_QUIET_WATCH_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/server/call_ledger.h"
#include "plugin/server/completion_tag.h"

namespace signet {

class QuietWatch final : public CompletionTag {
 public:
  // Both outlive the watch. Its alarm counts as posted in the ledger; the watch may end once
  // CallLedger::WaitUntilUnposted has returned.
  QuietWatch(grpc::CompletionQueue& queue, CallLedger& ledger, const Clock& clock)
      : queue_(queue), ledger_(ledger), clock_(clock) {}

  // Until no call was in flight and none began for forty looks at the sockets, 5 ms and more apart. False:
  // calls still came after two hundred looks, or `deadline` passed.
  bool Wait(MonotonicTime deadline);

  void OnEvent(bool ok) override;

 private:
  void Arm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  grpc::CompletionQueue& queue_;
  CallLedger& ledger_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar ended_;
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
  uint64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  int looks_ ABSL_GUARDED_BY(mutex_) = 0;
  int quiet_looks_ ABSL_GUARDED_BY(mutex_) = 0;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_QUIET_WATCH_H_

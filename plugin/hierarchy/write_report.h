// WriteReport: since when Encrypt works or does not, and an event whenever that changes. Report belongs to
// one strand, since() is thread-safe.
#ifndef SIGNET_PLUGIN_HIERARCHY_WRITE_REPORT_H_
#define SIGNET_PLUGIN_HIERARCHY_WRITE_REPORT_H_

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plugin/hierarchy/event_feed.h"
#include "plugin/hierarchy/write_gate.h"

namespace signet {

class WriteReport {
 public:
  // All outlive the object.
  WriteReport(const WriteGate& gate, const Clock& clock, EventFeed& feed)
      : gate_(gate), clock_(clock), feed_(feed), since_(clock.Wall()) {}

  void Report() {
    const absl::Status status = gate_.Look().status();
    {
      MutexLock lock(mutex_);
      if (works_ == status.ok()) return;
      works_ = status.ok();
      since_ = clock_.Wall();
    }
    KeyEvent event;
    event.kind = status.ok() ? KeyEvent::Kind::kWritesResumed : KeyEvent::Kind::kWritesStopped;
    event.detail = std::string(status.message());
    feed_.Publish(std::move(event));
  }
  absl::Time since() const {
    MutexLock lock(mutex_);
    return since_;
  }

 private:
  const WriteGate& gate_;
  const Clock& clock_;
  EventFeed& feed_;
  mutable Mutex mutex_;
  bool works_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time since_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_HIERARCHY_WRITE_REPORT_H_

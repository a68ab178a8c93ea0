#include "plugin/cmd/signetctl/stop_signals.h"

#include <pthread.h>

namespace signet::ctl {

StopSignals::StopSignals() {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

StopSignals::~StopSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool StopSignals::Arrived(absl::Duration patience) {
  const timespec wait = absl::ToTimespec(patience);
  if (!arrived_) arrived_ = ::sigtimedwait(&signals_, nullptr, &wait) > 0;
  return arrived_;
}

}  // namespace signet::ctl

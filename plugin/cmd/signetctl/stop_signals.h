// StopSignals: SIGINT and SIGTERM as a question instead of an end, for verbs that report when they are
// stopped.
#ifndef SIGNET_PLUGIN_CMD_SIGNETCTL_STOP_SIGNALS_H_
#define SIGNET_PLUGIN_CMD_SIGNETCTL_STOP_SIGNALS_H_

#include <signal.h>

#include "absl/time/time.h"

namespace signet::ctl {

// Made before any thread that should not be killed by them; the old mask comes back with its end. Not
// thread-safe.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Whether one has come, ever; waits for it up to `patience`.
  bool Arrived(absl::Duration patience = absl::ZeroDuration());

 private:
  sigset_t signals_;
  sigset_t before_;
  bool arrived_ = false;
};

}  // namespace signet::ctl

#endif  // SIGNET_PLUGIN_CMD_SIGNETCTL_STOP_SIGNALS_H_

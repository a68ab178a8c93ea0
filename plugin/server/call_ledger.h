// CallLedger: how many call objects gRPC still knows and how many calls are being answered, so that a server
// can bound the one and wait for the end of both.
//
// Thread-safe. Only the Wait methods block.
#ifndef SIGNET_PLUGIN_SERVER_CALL_LEDGER_H_
#define SIGNET_PLUGIN_SERVER_CALL_LEDGER_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace signet {

class CallLedger {
 public:
  CallLedger(size_t max_in_flight, const Clock& clock) : max_in_flight_(max_in_flight), clock_(clock) {}

  // A call object was handed to gRPC; it is given back when the last of its events has come.
  void AddPosted();
  void RemovePosted();

  // A call begins. False when as many as allowed are in flight already; it counts all the same until End.
  bool Begin();
  void End();

  // Until no call is in flight, or `deadline`: then false.
  bool WaitUntilIdle(MonotonicTime deadline);
  // Until gRPC knows no call object any more.
  void WaitUntilUnposted();

  uint64_t in_flight() const;
  uint64_t total() const;

 private:
  const size_t max_in_flight_;
  const Clock& clock_;
  mutable Mutex mutex_;
  CondVar changed_;
  uint64_t posted_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_CALL_LEDGER_H_

// CancellationToken: tells work in progress that its caller no longer wants the answer.
//
// Thread-safe. Share it by std::shared_ptr between the one who cancels and the one who works.
#ifndef SIGNET_BASE_CANCELLATION_H_
#define SIGNET_BASE_CANCELLATION_H_

#include <cstdint>
#include <functional>
#include <map>

#include "base/mutex.h"

namespace signet {

class CancellationToken {
 public:
  using CallbackId = uint64_t;

  CancellationToken() = default;
  CancellationToken(const CancellationToken&) = delete;
  CancellationToken& operator=(const CancellationToken&) = delete;

  // Runs every registered callback once, on this thread. Later calls do nothing.
  void Cancel();
  bool cancelled() const;

  // `callback` runs at most once: from Cancel(), or at once when already cancelled (then the id is 0).
  // It must not block and must not call back into this token.
  CallbackId OnCancel(std::function<void()> callback);
  // After return the callback neither runs nor is running on another thread, and is destroyed. Waits for
  // callbacks in progress; so never call it from one. An unknown id, 0 included, is no error.
  void RemoveCallback(CallbackId id);

 private:
  mutable Mutex mutex_;
  CondVar idle_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  CallbackId next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<CallbackId, std::function<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_BASE_CANCELLATION_H_

// AsyncAnswer: answers a call from whichever comes first: the work that it waits for, or the end of its
// caller's patience. The work goes on then, and its late answer is dropped.
//
// Thread-safe. Shared by the work and the call's cancellation token; may outlive the server.
#ifndef SIGNET_PLUGIN_SERVER_ASYNC_ANSWER_H_
#define SIGNET_PLUGIN_SERVER_ASYNC_ANSWER_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "base/mutex.h"

namespace signet {

// `Call` is the Call of a UnaryMethod that answers later.
template <typename Call>
class AsyncAnswer {
 public:
  static std::shared_ptr<AsyncAnswer> For(Call& call) {
    auto answer = std::make_shared<AsyncAnswer>(call);
    call.cancellation()->OnCancel([answer] {
      answer->Finish(absl::CancelledError("the caller did not wait; the work goes on"), [](auto&) {});
    });
    return answer;
  }
  explicit AsyncAnswer(Call& call) : call_(&call) {}

  // The first one answers, with what `fill` makes of the response if `status` is OK.
  template <typename Fill>
  void Finish(const absl::Status& status, Fill fill) {
    Call* const call = Take();
    if (call == nullptr) return;
    if (status.ok()) fill(call->response());
    call->Finish(status);
  }

 private:
  Call* Take() {
    MutexLock lock(mutex_);
    return std::exchange(call_, nullptr);
  }

  Mutex mutex_;
  Call* call_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_PLUGIN_SERVER_ASYNC_ANSWER_H_

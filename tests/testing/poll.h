// PollUntil: waits for something to become true, without luck: up to a generous deadline, looking often (a
// benchmark that times the wait looks more often).
#ifndef SIGNET_TESTS_TESTING_POLL_H_
#define SIGNET_TESTS_TESTING_POLL_H_

#include <chrono>
#include <thread>

namespace signet::testing {

template <typename Condition>
[[nodiscard]] bool PollUntil(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20),
                             std::chrono::microseconds interval = std::chrono::milliseconds(1)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return condition();
    std::this_thread::sleep_for(interval);
  }
  return true;
}

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_POLL_H_

// OpenBaoWitness: asks the nodes of a cluster all the time, beside a test, and remembers how long they took:
// what another client got of them while signetd got nothing.
#ifndef SIGNET_TESTS_TESTING_OPENBAO_WITNESS_H_
#define SIGNET_TESTS_TESTING_OPENBAO_WITNESS_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "tests/testing/openbao_cluster.h"

namespace signet::testing {

// Thread-safe. Encrypts with Transit key `key` and the token, on one node after the other.
class OpenBaoWitness {
 public:
  OpenBaoWitness(const OpenBaoCluster& cluster, std::string key, std::string token);
  ~OpenBaoWitness();
  OpenBaoWitness(const OpenBaoWitness&) = delete;
  OpenBaoWitness& operator=(const OpenBaoWitness&) = delete;

  // The most that one answer, or the pause until the next question, has taken since `start`, also when it
  // began earlier or has not come yet. Long: OpenBao or the whole machine is too busy to be asked anything.
  absl::Duration SlowestSince(MonotonicTime start) const;

 private:
  struct Answer {
    MonotonicTime asked;
    MonotonicTime came;
  };

  void Run();

  const std::vector<std::string> addresses_;
  const std::string ca_file_;
  const std::string path_;
  const std::string token_;
  std::atomic<bool> done_ = false;
  mutable Mutex mutex_;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  MonotonicTime last_ ABSL_GUARDED_BY(mutex_);  // the last answer came, or the first question began
  std::thread thread_;                          // last: it uses the rest
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_OPENBAO_WITNESS_H_

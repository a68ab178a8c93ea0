// Node: the daemon under soak, over all its lives, and what befalls it: killed, stopped, paused, its keyring
// rotated, the machine's clock set. Not thread-safe, and not to be moved between threads: a child dies with
// the thread that made it.
#ifndef SIGNET_TESTS_SOAK_NODE_H_
#define SIGNET_TESTS_SOAK_NODE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/soak/judge.h"
#include "tests/testing/daemon.h"

namespace signet::soak {

struct NodeCounts {
  size_t kills = 0;
  size_t stops = 0;
  size_t pauses = 0;
  size_t rotations = 0;
  size_t clock_jumps = 0;
};

class Node {
 public:
  // `faketime` is the path of libfaketime; without it there are no clock jumps. `judge` outlives the object.
  Node(std::string faketime, Judge& judge);

  // False, and reported: it did not come up.
  bool Start();
  // SIGKILL, or SIGTERM, after which its exit code must be 0; and the start of the next life.
  void KillAndRestart();
  void StopAndRestart();
  void Stop();
  // As long as `time` it does not run, as on a machine that is busy elsewhere.
  void Pause(absl::Duration time);
  // A new active key; announced by the running daemon where it watches, else at the next start.
  void Rotate();
  // Sets the wall clock that daemon and tools see to `offset` from the true one.
  void SetClock(absl::Duration offset);
  bool has_clock() const { return !faketime_.empty(); }

  // Of the running daemon, which has to run; -1 when it does not.
  int Descriptors() const;
  int64_t ResidentKibibytes() const;

  std::string kms_socket() const { return home_.kms_socket(); }
  const NodeCounts& counts() const { return counts_; }
  // How far beyond the true time the daemon's log went: proof that it saw the clock being set.
  absl::Duration FurthestLogTime() const { return furthest_log_time_; }
  std::string EndOfLog() const;

 private:
  void Ended();
  std::vector<std::string> Environment() const;

  const std::string faketime_;
  Judge& judge_;
  testing::DaemonHome home_;
  std::unique_ptr<testing::DaemonProcess> daemon_;
  NodeCounts counts_;
  absl::Duration furthest_log_time_;
  std::string last_log_;
};

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_NODE_H_

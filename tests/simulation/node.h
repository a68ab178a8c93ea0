// Node: one control-plane node of a simulated cluster: its clocks, its state directory, signetd's hierarchy,
// and as much of kube-apiserver as matters to keys: the seed that it writes under until it sees another
// key_id.
//
// Not thread-safe. Nothing blocks: everything due happens inside RunDue, on the caller's thread.
#ifndef SIGNET_TESTS_SIMULATION_NODE_H_
#define SIGNET_TESTS_SIMULATION_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plugin/hierarchy/key_hierarchy.h"
#include "tests/simulation/schedule_random.h"
#include "tests/simulation/simulated_link.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/hierarchy_harness.h"
#include "tests/testing/temp_dir.h"

namespace signet::simulation {

// What an operator writes into signetd's configuration.
struct NodeSettings {
  std::string active = "primary";
  bool redundant = false;  // wraps under the other provider, too
  uint32_t generation = 0;
  bool direct = false;

  friend bool operator==(const NodeSettings&, const NodeSettings&) = default;
};

struct Encrypted {
  testing::Stored stored;
  std::shared_ptr<const ActiveKey> key;
};

class Node {
 public:
  // `random` outlives the node. Not started.
  Node(int number, std::vector<SimulatedLink> links, ScheduleRandom& random);
  ~Node();

  int number() const { return number_; }
  NodeSettings& settings() { return settings_; }
  const NodeSettings& settings() const { return settings_; }
  std::vector<SimulatedLink>& links() { return links_; }
  testing::FakeClock& clock() { return *clock_; }
  testing::FaultyFiles& files() { return files_; }
  KeyHierarchy& hierarchy() { return *hierarchy_; }
  bool running() const { return hierarchy_ != nullptr; }

  // An error means that signetd refused to start.
  absl::Status Start();
  void StopInOrder();
  // As after SIGKILL or a power cut: what was not on the disk is gone.
  void Crash();
  // Only while stopped. A new boot: other boot id, boot time from zero, the wall clock goes on, `wall_jump`
  // off.
  void Reboot(absl::Duration wall_jump);
  void LoseState();
  // Damages the state file; false when there is none.
  bool TearState();

  // Until the next thing is due; infinite when nothing is.
  absl::Duration UntilDue() const;
  void Advance(absl::Duration by) { clock_->Advance(by); }
  void RunDue();

  // What Status answers.
  absl::StatusOr<std::string> KeyId() const;
  absl::StatusOr<Encrypted> Encrypt(const std::string& plaintext);
  // UNAVAILABLE also when no answer came at once.
  absl::StatusOr<std::string> Decrypt(const testing::Stored& stored);

 private:
  HierarchyOptions Options() const;

  const int number_;
  ScheduleRandom& random_;
  NodeSettings settings_;
  std::vector<SimulatedLink> links_;
  testing::TempDir directory_{"/dev/shm"};  // fsync costs nothing there
  std::unique_ptr<testing::FakeClock> clock_;
  testing::FaultyFiles files_;
  HierarchyObserver observer_;
  std::unique_ptr<KeyHierarchy> hierarchy_;
  int boots_ = 1;
};

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_NODE_H_

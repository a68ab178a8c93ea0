// Judge: what must hold in every schedule, whatever happens. Each check returns nothing when it holds, else a
// line that says what does not.
//
// Not thread-safe; nothing blocks.
#ifndef SIGNET_TESTS_SIMULATION_JUDGE_H_
#define SIGNET_TESTS_SIMULATION_JUDGE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/announcements.h"
#include "tests/simulation/world.h"

namespace signet::simulation {

using Violation = std::optional<std::string>;

class Judge {
 public:
  // `world` outlives the judge.
  explicit Judge(World& world) : world_(world), announcements_(world), seen_(World::kNodes) {}

  // Cheap; at every moment at which something can have changed. No key_id comes back on a node; what else
  // must hold of a new one: announcements.h.
  Violation Glance();
  // After every event: Status and Encrypt tell one story on every node; who must be able to write, is; who
  // must not, is not; a node that was left in peace has the newest version; a few things that were encrypted
  // are read on every node.
  Violation Look();
  // At the end, when all is healed and every node was started anew without its memory and state: nothing is
  // lost, and all nodes announce one key_id.
  Violation Final();

  // The node's disk holds nothing of its own any more. Until it does again, the node knows only what the KMS
  // names: while that is an old version, it may announce what it announced before.
  void NothingOnDisk(const Node& node) { seen_[static_cast<size_t>(node.number())].on_disk = false; }

 private:
  struct Seen {
    std::string key_id;
    std::set<std::string> superseded;
    bool on_disk = false;
  };

  void ForgetWhatNobodyKnows(Node& node, Seen& seen);

  Violation CheckWrites(Node& node);
  Violation CheckVersion(Node& node);
  Violation CheckRead(Node& node, const Sealed& sealed, bool at_peace);
  // Nothing has been wrong with the node and its links for so long.
  bool Calm(Node& node, absl::Duration since);
  bool AnyRolledBack();
  // Now or within the last `since`.
  bool AnyRolledBackSince(absl::Duration since);
  // No version that its local KEK was wrapped under is destroyed.
  bool CanOpen(const Sealed& sealed);

  World& world_;
  Announcements announcements_;
  std::vector<Seen> seen_;
};

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_JUDGE_H_

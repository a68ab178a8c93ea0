// Announcements: what must hold of every key that a node begins to encrypt under, told by what lies in etcd
// and by when the KMS made the version.
//
// Not thread-safe; nothing blocks.
#ifndef SIGNET_TESTS_SIMULATION_ANNOUNCEMENTS_H_
#define SIGNET_TESTS_SIMULATION_ANNOUNCEMENTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/hierarchy/active_key.h"
#include "tests/simulation/world.h"

namespace signet::simulation {

class Announcements {
 public:
  // `world` outlives the object.
  explicit Announcements(World& world) : world_(world), last_(World::kNodes) {}

  // Cheap; at every moment at which something can have changed. What is wrong with the key that the node
  // serves now, if it is another one than at the last look:
  // - one key_id is wrapped by the same providers on every node;
  // - a new local KEK was proved by all of them: none was out of reach for it all the time before;
  // - a new version under an unchanged configuration was confirmed and waited for, so that others know it;
  //   unless the one before it was destroyed, or a purge dropped it and no disk held it.
  std::optional<std::string> Look(Node& node);

 private:
  struct Last {
    // Null when the node did not serve at the last look, or has started since.
    std::shared_ptr<const ActiveKey> key;
    uint64_t starts = 0;
    std::set<crypto::LocalKekId> known;  // this node's, ever
  };

  std::optional<std::string> CheckProviders(const ActiveKey& key);
  std::optional<std::string> CheckProof(Node& node, const ActiveKey& key);
  std::optional<std::string> CheckDelay(const ActiveKey& before, const ActiveKey& now);

  World& world_;
  std::vector<Last> last_;
  std::map<std::string, std::set<std::string>> wrapped_by_;  // by key_id
};

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_ANNOUNCEMENTS_H_

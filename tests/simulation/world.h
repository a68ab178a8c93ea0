// World: a cluster of nodes, the remote keys they share, and what was ever encrypted. The events of a
// schedule change it; the judge looks at it.
//
// Not thread-safe; nothing blocks.
#ifndef SIGNET_TESTS_SIMULATION_WORLD_H_
#define SIGNET_TESTS_SIMULATION_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/simulation/node.h"
#include "tests/simulation/schedule_random.h"
#include "tests/testing/fake_kms_client.h"

namespace signet::simulation {

struct RemoteKey {
  std::string provider;
  std::shared_ptr<testing::FakeRemoteKey> key;
  uint64_t newest = 1;
  std::set<uint64_t> destroyed = {};
  std::map<uint64_t, absl::Duration> made = {};  // when the KMS made a version; not of the first
  bool revoked = false;
  absl::Duration changed = -absl::InfiniteDuration();  // the current version, by whatever
  absl::Duration revocation_changed = -absl::InfiniteDuration();

  absl::Duration last_rolled_back = -absl::InfiniteDuration();  // when a rollback ended

  bool rolled_back() const { return key->current() != newest; }
};

// What lies in etcd: an answer to Encrypt and what it must decrypt to.
struct Sealed {
  testing::Stored stored;
  std::string plaintext;
  struct Wrapping {
    std::string provider;
    uint64_t version;
  };
  std::vector<Wrapping> wrapped_by;  // of the local KEK
};

// What the simulation knows of a node and signetd does not.
struct NodeHistory {
  absl::Duration started = -absl::InfiniteDuration();  // last
  uint64_t starts = 0;
  absl::Duration disturbed = -absl::InfiniteDuration();  // last: by anything that may delay it for a while
  bool disk_full = false;
  std::string seed_key_id;  // of the seed that kube-apiserver writes under; empty: none
};

class World {
 public:
  static constexpr int kNodes = 3;

  explicit World(uint64_t seed);

  ScheduleRandom& random() { return random_; }
  absl::Duration now() const { return now_; }
  Node& node(int number) { return *nodes_[static_cast<size_t>(number)]; }
  NodeHistory& history(int number) { return histories_[static_cast<size_t>(number)]; }
  std::vector<RemoteKey>& keys() { return keys_; }
  RemoteKey& key(absl::string_view provider);
  std::vector<Sealed>& sealed() { return sealed_; }
  // What the operator wants every node to run with; a node takes it up when it is restarted for it.
  NodeSettings& wanted() { return wanted_; }
  Node& AnyNode() { return node(static_cast<int>(random_.Below(kNodes))); }

  void StartNode(Node& node);
  // Moves every clock, stopping wherever a node has something due; `look` runs after each stop.
  void Advance(absl::Duration by, const std::function<void()>& look);

  // Something happened to the node that may delay it for a while.
  void Disturb(const Node& node) { history(node.number()).disturbed = now_; }
  // kube-apiserver's poll: another key_id means a new seed. An error: Status and Encrypt tell different
  // stories.
  absl::Status Poll(Node& node);
  // Has the node encrypt something new and keeps it. Errors: Encrypt's.
  absl::Status Seal(Node& node);

 private:
  void Keep(Sealed sealed);

  ScheduleRandom random_;
  absl::Duration now_ = absl::ZeroDuration();
  std::vector<RemoteKey> keys_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<NodeHistory> histories_;
  std::vector<Sealed> sealed_;
  NodeSettings wanted_;
  uint64_t plaintexts_ = 0;
};

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_WORLD_H_

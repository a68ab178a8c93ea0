#include "tests/simulation/world.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signet::simulation {
namespace {

constexpr size_t kKept = 48;
constexpr absl::Duration kMostSkew = absl::Hours(1);

}  // namespace

World::World(uint64_t seed) : random_(seed), histories_(kNodes) {
  for (const char* provider : {"primary", "standby"}) {
    keys_.push_back({provider, std::make_shared<testing::FakeRemoteKey>(provider)});
  }
  for (int number = 0; number < kNodes; ++number) {
    std::vector<SimulatedLink> links;
    for (const RemoteKey& key : keys_) links.push_back({key.provider, key.key});
    nodes_.push_back(std::make_unique<Node>(number, std::move(links), random_));
    nodes_.back()->clock().JumpWall(random_.Between(-kMostSkew, kMostSkew));
    StartNode(*nodes_.back());
  }
}

RemoteKey& World::key(absl::string_view provider) {
  for (RemoteKey& key : keys_) {
    if (key.provider == provider) return key;
  }
  std::abort();
}

void World::StartNode(Node& node) {
  const absl::Status started = node.Start();
  if (!started.ok()) {
    // Nothing that a schedule does may keep signetd from starting.
    std::fprintf(stderr, "node %d does not start: %s\n", node.number(),
                 std::string(started.message()).c_str());
    std::abort();
  }
  history(node.number()).started = now_;
  ++history(node.number()).starts;
  Disturb(node);
}

void World::Advance(absl::Duration by, const std::function<void()>& look) {
  const absl::Duration end = now_ + by;
  while (now_ < end) {
    absl::Duration step = end - now_;
    for (const auto& node : nodes_) step = std::min(step, node->UntilDue());
    for (const auto& node : nodes_) node->Advance(step);
    now_ += step;
    for (const auto& node : nodes_) {
      if (node->UntilDue() > absl::ZeroDuration()) continue;
      node->RunDue();
      look();
    }
  }
}

absl::Status World::Poll(Node& node) {
  NodeHistory& history = this->history(node.number());
  const absl::StatusOr<std::string> key_id = node.KeyId();
  if (!key_id.ok() || *key_id == history.seed_key_id) return absl::OkStatus();
  const absl::Status sealed = Seal(node);
  // Without a key in memory Encrypt needs the KMS, and may learn that Status is not up to date.
  if (!sealed.ok() && node.settings().direct) return absl::OkStatus();
  if (!sealed.ok()) {
    return absl::InternalError(absl::StrCat("Status is ok and Encrypt says ", sealed.ToString()));
  }
  if (sealed_.back().stored.key_id != *key_id) {
    return absl::InternalError(
        absl::StrCat("Status names ", *key_id, ", Encrypt ", sealed_.back().stored.key_id));
  }
  history.seed_key_id = *key_id;
  return absl::OkStatus();
}

absl::Status World::Seal(Node& node) {
  Sealed sealed;
  sealed.plaintext = absl::StrCat("plaintext ", ++plaintexts_, " of node ", node.number());
  absl::StatusOr<Encrypted> encrypted = node.Encrypt(sealed.plaintext);
  if (!encrypted.ok()) return encrypted.status();
  sealed.stored = encrypted->stored;
  // The writer is asked first, and where nothing is wrong it answers: so only its version counts.
  sealed.wrapped_by.push_back(
      {encrypted->key->provider_name, encrypted->key->remote_version.number.value_or(0)});
  Keep(std::move(sealed));
  return absl::OkStatus();
}

void World::Keep(Sealed sealed) {
  if (sealed_.size() >= kKept) {
    // Of what shares a local KEK one is enough, so that the old ones are still there in the end.
    const auto other = std::find_if(sealed_.begin(), sealed_.end(), [this](const Sealed& candidate) {
      return std::count_if(sealed_.begin(), sealed_.end(), [&candidate](const Sealed& each) {
               return each.stored.record == candidate.stored.record;
             }) > 1;
    });
    sealed_.erase(other == sealed_.end() ? sealed_.begin() + static_cast<std::ptrdiff_t>(random_.Below(kKept))
                                         : other);
  }
  sealed_.push_back(std::move(sealed));
}

}  // namespace signet::simulation

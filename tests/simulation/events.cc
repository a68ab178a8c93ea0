#include "tests/simulation/events.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "crypto/record.h"

namespace signet::simulation {
namespace {

std::string Of(const Node& node) { return absl::StrCat("node ", node.number()); }

std::string Pass(Scene& scene, absl::Duration least, absl::Duration most) {
  const absl::Duration by = scene.world.random().Between(least, most);
  scene.Advance(by);
  return absl::FormatDuration(by);
}

RemoteKey& AnyKey(World& world) { return world.keys()[world.random().OneIn(5) ? 1 : 0]; }

void Touch(World& world, RemoteKey& key) { key.changed = world.now(); }

std::string Rotate(Scene& scene) {
  RemoteKey& key = AnyKey(scene.world);
  if (key.revoked) return "";
  if (key.rolled_back()) key.last_rolled_back = scene.world.now();
  key.newest = key.key->Rotate();
  key.made[key.newest] = scene.world.now();
  Touch(scene.world, key);
  return absl::StrCat(key.provider, " to ", key.newest);
}

std::string RollBack(Scene& scene) {
  RemoteKey& key = AnyKey(scene.world);
  const uint64_t current = key.key->current();
  if (key.revoked || current == 1 || key.destroyed.contains(current - 1)) return "";
  key.key->SetCurrent(current - 1);
  Touch(scene.world, key);
  return absl::StrCat(key.provider, " to ", current - 1);
}

std::string RollForward(Scene& scene) {
  for (RemoteKey& key : scene.world.keys()) {
    if (!key.rolled_back() || key.revoked) continue;
    key.last_rolled_back = scene.world.now();
    key.key->SetCurrent(key.newest);
    Touch(scene.world, key);
    return absl::StrCat(key.provider, " to ", key.newest);
  }
  return "";
}

// Whether the node's local KEK in use, or the one that it may read back, hangs on that version.
bool MayUse(Node& node, const std::string& version) {
  const std::shared_ptr<const ActiveKey> active = node.hierarchy().Snapshot();
  if (active == nullptr) return true;
  const absl::StatusOr<crypto::Record> record = crypto::ParseRecord(active->record);
  return record.ok() &&
         std::any_of(record->entries.begin(), record->entries.end(),
                     [&version](const crypto::RecordEntry& entry) { return entry.backend_field == version; });
}

std::string Destroy(Scene& scene) {
  RemoteKey& key = scene.world.key("primary");
  if (key.revoked) return "";
  for (uint64_t version = 1; version + 1 < key.key->current(); ++version) {
    if (!key.destroyed.insert(version).second) continue;
    key.key->Destroy(version);
    // It stops until it has made another one.
    for (int number = 0; number < World::kNodes; ++number) {
      Node& node = scene.world.node(number);
      if (MayUse(node, absl::StrCat(version))) scene.world.Disturb(node);
    }
    return absl::StrCat(key.provider, " ", version);
  }
  return "";
}

void SetRevoked(World& world, RemoteKey& key, bool revoked) {
  key.revoked = revoked;
  key.revocation_changed = world.now();
  for (uint64_t version = 1; version <= key.newest; ++version) {
    if (key.destroyed.contains(version)) continue;
    revoked ? key.key->Disable(version) : key.key->Enable(version);
  }
}

std::string Revoke(Scene& scene) {
  RemoteKey& key = scene.world.key("primary");
  if (key.revoked) return "";
  SetRevoked(scene.world, key, true);
  return key.provider;
}

std::string Restore(Scene& scene) {
  RemoteKey& key = scene.world.key("primary");
  if (!key.revoked) return "";
  SetRevoked(scene.world, key, false);
  return key.provider;
}

SimulatedLink& AnyLink(World& world, Node& node) { return node.links()[world.random().OneIn(4) ? 1 : 0]; }

std::string BreakLink(Scene& scene) {
  Node& node = scene.world.AnyNode();
  SimulatedLink& link = AnyLink(scene.world, node);
  if (link.fault != LinkFault::kNone) return "";
  link.fault = static_cast<LinkFault>(1 + scene.world.random().Below(6));
  link.fault_changed = scene.world.now();
  return absl::StrCat(Of(node), " ", link.provider, " ", LinkFaultName(link.fault));
}

std::string Partition(Scene& scene) {
  for (int number = 0; number < World::kNodes; ++number) {
    SimulatedLink& link = scene.world.node(number).links()[0];
    if (link.fault != LinkFault::kNone) return "";
  }
  for (int number = 0; number < World::kNodes; ++number) {
    SimulatedLink& link = scene.world.node(number).links()[0];
    link.fault = LinkFault::kUnreachable;
    link.fault_changed = scene.world.now();
  }
  return "all nodes";
}

void Heal(World& world, SimulatedLink& link) {
  if (link.fault == LinkFault::kNone) return;
  link.fault = LinkFault::kNone;
  link.fault_changed = world.now();
}

std::string HealLink(Scene& scene) {
  std::string healed;
  for (int number = 0; number < World::kNodes; ++number) {
    for (SimulatedLink& link : scene.world.node(number).links()) {
      if (link.fault == LinkFault::kNone || scene.world.random().OneIn(3)) continue;
      Heal(scene.world, link);
      absl::StrAppend(&healed, healed.empty() ? "" : ", ", number, " ", link.provider);
    }
  }
  return healed;
}

// One call fails, as it does every day. Not a disturbance: nothing that anybody can see may follow from it.
std::string Blip(Scene& scene) {
  Node& node = scene.world.AnyNode();
  SimulatedLink& link = AnyLink(scene.world, node);
  if (link.failures_to_come > 0) return "";
  link.failures_to_come = 1;
  link.fault_changed = scene.world.now();
  return absl::StrCat(Of(node), " ", link.provider);
}

std::string Lag(Scene& scene) {
  Node& node = scene.world.AnyNode();
  SimulatedLink& link = node.links()[0];
  link.describe_lags = !link.describe_lags;
  link.fault_changed = scene.world.now();
  return absl::StrCat(Of(node), link.describe_lags ? " begins" : " ends");
}

// Where the disk took nothing, a restart forgets.
void ForgetIfNotStored(Scene& scene, Node& node) {
  const std::shared_ptr<const ActiveKey> active = node.hierarchy().Snapshot();
  if (active != nullptr && !active->stored) scene.judge.NothingOnDisk(node);
}

// Going back to what was before needs a generation of its own: its key_id was superseded.
std::string WriteConfiguration(Scene& scene) {
  NodeSettings& wanted = scene.world.wanted();
  switch (scene.world.random().Below(4)) {
    case 0:
      wanted.active = wanted.active == "primary" ? "standby" : "primary";
      break;
    case 1:
      wanted.redundant = !wanted.redundant;
      break;
    case 2:
      wanted.direct = !wanted.direct;
      break;
    default:
      break;
  }
  ++wanted.generation;
  return absl::StrCat(wanted.active, wanted.redundant ? ", redundant" : "", wanted.direct ? ", direct" : "",
                      ", generation ", wanted.generation);
}

std::string RollOut(Scene& scene) {
  for (int number = 0; number < World::kNodes; ++number) {
    Node& node = scene.world.node(number);
    if (node.settings() == scene.world.wanted()) continue;
    ForgetIfNotStored(scene, node);
    node.StopInOrder();
    node.settings() = scene.world.wanted();
    scene.world.StartNode(node);
    return Of(node);
  }
  return "";
}

std::string RestartInOrder(Scene& scene) {
  Node& node = scene.world.AnyNode();
  ForgetIfNotStored(scene, node);
  node.StopInOrder();
  scene.world.StartNode(node);
  return Of(node);
}

std::string Crash(Scene& scene) {
  Node& node = scene.world.AnyNode();
  ForgetIfNotStored(scene, node);
  node.Crash();
  scene.world.StartNode(node);
  return Of(node);
}

std::string Reboot(Scene& scene) {
  Node& node = scene.world.AnyNode();
  ForgetIfNotStored(scene, node);
  node.Crash();
  const absl::Duration jump = scene.world.random().Between(-absl::Hours(2), absl::Hours(2));
  node.Reboot(jump);
  scene.world.StartNode(node);
  return absl::StrCat(Of(node), ", wall clock ", absl::FormatDuration(jump), " off");
}

std::string LoseState(Scene& scene) {
  Node& node = scene.world.AnyNode();
  scene.judge.NothingOnDisk(node);
  node.Crash();
  node.LoseState();
  scene.world.StartNode(node);
  return Of(node);
}

std::string TearState(Scene& scene) {
  Node& node = scene.world.AnyNode();
  scene.judge.NothingOnDisk(node);
  node.Crash();
  const bool torn = node.TearState();
  scene.world.StartNode(node);
  return torn ? Of(node) : absl::StrCat(Of(node), ", there is none");
}

std::string Disk(Scene& scene) {
  Node& node = scene.world.AnyNode();
  NodeHistory& history = scene.world.history(node.number());
  history.disk_full = !history.disk_full;
  history.disk_full ? node.files().FailWrites("state") : node.files().Heal();
  scene.world.Disturb(node);
  return absl::StrCat(Of(node), history.disk_full ? " full" : " has room");
}

std::string JumpWall(Scene& scene) {
  Node& node = scene.world.AnyNode();
  const absl::Duration jump = scene.world.random().Between(-absl::Hours(6), absl::Hours(6));
  node.clock().JumpWall(jump);
  return absl::StrCat(Of(node), " by ", absl::FormatDuration(jump));
}

// Only this machine sleeps: time goes on for its boot clock, not for its timers.
std::string Suspend(Scene& scene) {
  Node& node = scene.world.AnyNode();
  const absl::Duration by = scene.world.random().Between(absl::Seconds(1), absl::Hours(2));
  node.clock().Suspend(by);
  scene.world.Disturb(node);
  return absl::StrCat(Of(node), " for ", absl::FormatDuration(by));
}

std::string Operate(Scene& scene) {
  Node& node = scene.world.AnyNode();
  KeyControl& control = node.hierarchy().control();
  std::string answer = "no answer yet";
  const auto done = [&answer](const absl::StatusOr<KeyOperationResult>& result) {
    answer = absl::StatusCodeToString(result.status().code());
  };
  absl::string_view operation;
  switch (scene.world.random().Below(3)) {
    case 0:
      operation = "rotate local";
      control.RotateLocalKek(done);
      break;
    case 1:
      operation = "refresh";
      control.RefreshRemoteKey(done);
      break;
    default:
      operation = "purge";
      control.PurgeKeys(done);
      break;
  }
  node.RunDue();
  scene.world.Disturb(node);
  return absl::StrCat(Of(node), " ", operation, ": ", answer);
}

// Reads everything, as a kube-apiserver with an empty cache does.
std::string RestartApiserver(Scene& scene) {
  Node& node = scene.world.AnyNode();
  scene.world.history(node.number()).seed_key_id.clear();
  size_t opened = 0;
  for (const Sealed& sealed : scene.world.sealed()) {
    const absl::StatusOr<std::string> plaintext = node.Decrypt(sealed.stored);
    if (plaintext.ok() && *plaintext != sealed.plaintext) scene.violation = "a cold read gives other bytes";
    if (plaintext.ok()) ++opened;
  }
  return absl::StrCat(Of(node), " reads ", opened, " of ", scene.world.sealed().size());
}

std::string Seal(Scene& scene) {
  Node& node = scene.world.AnyNode();
  const absl::Status sealed = scene.world.Seal(node);
  return absl::StrCat(Of(node), ": ", absl::StatusCodeToString(sealed.code()));
}

}  // namespace

void Scene::Advance(absl::Duration by) {
  world.Advance(by, [this] {
    if (!violation) violation = judge.Glance();
  });
}

const std::vector<Event>& AllEvents() {
  static const auto* const events = new std::vector<Event>{
      {"seconds pass", 20, [](Scene& s) { return Pass(s, absl::Seconds(1), absl::Seconds(90)); }},
      {"minutes pass", 26, [](Scene& s) { return Pass(s, absl::Minutes(2), absl::Minutes(20)); }},
      {"hours pass", 2, [](Scene& s) { return Pass(s, absl::Hours(1), absl::Hours(3)); }},
      {"half a day passes", 1,
       [](Scene& s) {
         return s.world.random().OneIn(3) ? Pass(s, absl::Hours(10), absl::Hours(14)) : std::string();
       }},
      {"seal", 12, Seal},
      {"apiserver restarts", 4, RestartApiserver},
      {"remote key rotates", 5, Rotate},
      {"remote key is rolled back", 1, RollBack},
      {"remote key is rolled forward", 3, RollForward},
      {"remote version is destroyed", 1, Destroy},
      {"remote key is revoked", 1, Revoke},
      {"remote key is restored", 4, Restore},
      {"link breaks", 6, BreakLink},
      {"all links break", 1, Partition},
      {"links heal", 8, HealLink},
      {"one call fails", 8, Blip},
      {"describe lags", 3, Lag},
      {"configuration is written", 2, WriteConfiguration},
      {"configuration is rolled out", 6, RollOut},
      {"signetd restarts", 4, RestartInOrder},
      {"signetd crashes", 4, Crash},
      {"machine reboots", 3, Reboot},
      {"state is lost", 2, LoseState},
      {"state is torn", 2, TearState},
      {"disk", 3, Disk},
      {"wall clock jumps", 3, JumpWall},
      {"machine sleeps", 2, Suspend},
      {"operator", 4, Operate},
  };
  return *events;
}

void HealEverything(Scene& scene) {
  for (RemoteKey& key : scene.world.keys()) {
    if (key.revoked) SetRevoked(scene.world, key, false);
    key.last_rolled_back = scene.world.now();
    key.key->SetCurrent(key.newest);
    Touch(scene.world, key);
  }
  for (int number = 0; number < World::kNodes; ++number) {
    Node& node = scene.world.node(number);
    node.files().Heal();
    scene.world.history(number).disk_full = false;
    for (SimulatedLink& link : node.links()) {
      Heal(scene.world, link);
      link.failures_to_come = 0;
      link.describe_lags = false;
    }
  }
}

}  // namespace signet::simulation

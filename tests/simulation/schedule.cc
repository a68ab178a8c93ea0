#include "tests/simulation/schedule.h"

#include "absl/strings/str_cat.h"
#include "tests/simulation/events.h"
#include "tests/simulation/world.h"

namespace signet::simulation {
namespace {

constexpr absl::Duration kRecovery = absl::Hours(1);

const Event& Choose(ScheduleRandom& random) {
  static const int total_weight = [] {
    int total = 0;
    for (const Event& event : AllEvents()) total += event.weight;
    return total;
  }();
  int left = static_cast<int>(random.Below(static_cast<uint64_t>(total_weight)));
  for (const Event& event : AllEvents()) {
    left -= event.weight;
    if (left < 0) return event;
  }
  return AllEvents().front();
}

std::string ClassName(ProviderClass provider_class) {
  return absl::StrCat("class ", std::string(ProviderClassName(provider_class)));
}

void CountClasses(World& world, Tally& tally) {
  for (int number = 0; number < World::kNodes; ++number) {
    if (!world.node(number).running()) continue;
    for (const ProviderState& provider : world.node(number).hierarchy().State().providers) {
      ++tally[ClassName(provider.provider_class)];
    }
  }
}

// What signetd itself says in the end, for who reads the trace.
void Describe(World& world, std::vector<std::string>& trace) {
  for (int number = 0; number < World::kNodes; ++number) {
    if (!world.node(number).running()) continue;
    const HierarchyState state = world.node(number).hierarchy().State();
    std::string line =
        absl::StrCat("node ", number, ": ", state.active == nullptr ? "no key" : state.active->key_id,
                     ", encrypt ", state.status.ToString());
    if (state.pending) {
      absl::StrAppend(&line, ", pending ", state.pending->key_id, state.pending->prepared ? " prepared" : "",
                      " at ", absl::FormatTime(state.pending->activates_at, absl::UTCTimeZone()));
    }
    for (const ProviderState& provider : state.providers) {
      absl::StrAppend(&line, ", ", provider.name, " ", ProviderClassName(provider.provider_class),
                      provider.suspected ? " suspected" : "", " (", provider.last_error.ToString(), ")");
    }
    for (const HierarchyProblem& problem : state.problems) {
      absl::StrAppend(&line, ", ", problem.kind, ": ", problem.text);
    }
    trace.push_back(line);
  }
}

// All is healed and given time; then every node starts without its memory and state: what it can read now
// does not hang on anything but etcd and the KMS.
Violation Finish(Scene& scene) {
  HealEverything(scene);
  scene.Advance(kRecovery);
  if (scene.violation) return scene.violation;
  for (int number = 0; number < World::kNodes; ++number) {
    Node& node = scene.world.node(number);
    node.Crash();
    node.LoseState();
    node.settings() = scene.world.wanted();
    scene.world.StartNode(node);
  }
  scene.Advance(kRecovery);
  if (scene.violation) return scene.violation;
  return scene.judge.Final();
}

}  // namespace

std::vector<std::string> EverythingThatMustOccur() {
  std::vector<std::string> names;
  for (const Event& event : AllEvents()) names.emplace_back(event.name);
  for (const ProviderClass provider_class :
       {ProviderClass::kHealthy, ProviderClass::kUnreachable, ProviderClass::kDegraded,
        ProviderClass::kDenied, ProviderClass::kRevoked, ProviderClass::kRolledBack}) {
    names.push_back(ClassName(provider_class));
  }
  return names;
}

ScheduleResult RunSchedule(uint64_t seed, Tally& tally) {
  ScheduleResult result;
  World world(seed);
  Judge judge(world);
  Scene scene{world, judge, std::nullopt};
  for (int happened = 0; happened < kEventsPerSchedule;) {
    const Event& event = Choose(world.random());
    const std::string what = event.happen(scene);
    if (what.empty()) continue;
    ++happened;
    ++tally[std::string(event.name)];
    result.trace.push_back(absl::StrCat(absl::FormatDuration(world.now()), "  ", event.name, ": ", what));
    if (!scene.violation) scene.violation = judge.Glance();
    if (!scene.violation) scene.violation = judge.Look();
    CountClasses(world, tally);
    if (scene.violation) break;
  }
  result.violation = scene.violation ? scene.violation : Finish(scene);
  if (!scene.violation) result.trace.push_back(absl::StrCat(absl::FormatDuration(world.now()), "  the end"));
  if (result.violation) Describe(world, result.trace);
  return result;
}

}  // namespace signet::simulation

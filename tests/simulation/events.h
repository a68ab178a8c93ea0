// The events of a schedule: what happens to clusters, and how often.
#ifndef SIGNET_TESTS_SIMULATION_EVENTS_H_
#define SIGNET_TESTS_SIMULATION_EVENTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/world.h"

namespace signet::simulation {

// What an event may touch.
struct Scene {
  World& world;
  Judge& judge;
  Violation violation;  // found while time passed

  void Advance(absl::Duration by);
};

struct Event {
  absl::string_view name;
  int weight;
  // Does it, and says to whom. Empty: nothing there to do it to.
  std::function<std::string(Scene&)> happen;
};

const std::vector<Event>& AllEvents();

// Undoes all that is wrong with links, keys, disks, and starts who is down.
void HealEverything(Scene& scene);

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_EVENTS_H_

// A schedule: one cluster, a few hundred random events from one seed, the judge after each.
#ifndef SIGNET_TESTS_SIMULATION_SCHEDULE_H_
#define SIGNET_TESTS_SIMULATION_SCHEDULE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/judge.h"

namespace signet::simulation {

inline constexpr int kEventsPerSchedule = 200;

// How often each kind of event happened, and each class of provider was seen.
using Tally = std::map<std::string, uint64_t>;

struct ScheduleResult {
  Violation violation;
  std::vector<std::string> trace;  // of all events, for people
};

// Every name that a tally must hold once enough schedules were run.
std::vector<std::string> EverythingThatMustOccur();

// The same seed does the same. Adds to `tally`.
ScheduleResult RunSchedule(uint64_t seed, Tally& tally);

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_SCHEDULE_H_

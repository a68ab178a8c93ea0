// Thousands of random lives of a cluster, each judged after every event. SIGNET_SCHEDULES says how many
// (1,000), SIGNET_SEED which is the first (1); `scripts/test simulate` sets both.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/simulation/schedule.h"

namespace signet::simulation {
namespace {

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

void Print(const Tally& tally, uint64_t schedules) {
  std::cout << schedules << " schedules of " << kEventsPerSchedule << " events; what occurred how often:\n";
  for (const auto& [name, count] : tally) std::cout << "  " << name << ": " << count << '\n';
}

TEST(SimulationTest, EveryScheduleKeepsEveryPromise) {
  const uint64_t schedules = Setting("SIGNET_SCHEDULES", 1000);
  const uint64_t first = Setting("SIGNET_SEED", 1);
  Tally tally;
  for (uint64_t seed = first; seed < first + schedules; ++seed) {
    const ScheduleResult result = RunSchedule(seed, tally);
    ASSERT_FALSE(result.violation.has_value())
        << *result.violation << "\nschedule " << seed << ", again with: scripts/test simulate --seed " << seed
        << " --schedules 1\n"
        << absl::StrJoin(result.trace, "\n");
  }
  Print(tally, schedules);
  if (schedules < 100) return;  // one schedule alone need not see everything
  for (const std::string& name : EverythingThatMustOccur()) {
    EXPECT_GT(tally[name], 0u) << name << " never occurred: the schedules prove nothing about it";
  }
}

TEST(SimulationTest, OneSeedIsOneSchedule) {
  Tally tally;
  EXPECT_EQ(RunSchedule(7, tally).trace, RunSchedule(7, tally).trace);
}

}  // namespace
}  // namespace signet::simulation

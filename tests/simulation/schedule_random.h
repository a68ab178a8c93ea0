// ScheduleRandom: all the chance of one schedule, from its seed, so that a schedule that failed can be run
// again. Not thread-safe.
#ifndef SIGNET_TESTS_SIMULATION_SCHEDULE_RANDOM_H_
#define SIGNET_TESTS_SIMULATION_SCHEDULE_RANDOM_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "crypto/random.h"

namespace signet::simulation {

class ScheduleRandom final : public crypto::RandomSource {
 public:
  explicit ScheduleRandom(uint64_t seed) : state_(seed) {}

  // SplitMix64 (Steele, Lea, Flood 2014): good enough for choices, and for nonces that no attacker sees.
  uint64_t Next() {
    uint64_t mixed = state_ += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
  }
  // 0 to bound - 1; `bound` is at least 1.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  bool OneIn(uint64_t bound) { return Below(bound) == 0; }
  absl::Duration Between(absl::Duration least, absl::Duration most) {
    return least + absl::Milliseconds(static_cast<int64_t>(
                       Below(static_cast<uint64_t>((most - least) / absl::Milliseconds(1)) + 1)));
  }

  absl::Status Fill(absl::Span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(Next());
    return absl::OkStatus();
  }

 private:
  uint64_t state_;
};

}  // namespace signet::simulation

#endif  // SIGNET_TESTS_SIMULATION_SCHEDULE_RANDOM_H_

// Flatness: whether what a process holds stays level over a run, told from samples of one life.
#ifndef SIGNET_TESTS_SOAK_RESOURCES_H_
#define SIGNET_TESTS_SOAK_RESOURCES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace signet::soak {

struct Flatness {
  // Means over the second and the last quarter: the first quarter warms caches up.
  double before = 0;
  double after = 0;
  bool flat = false;
};

// Flat: the last quarter lies no more than `allowed` above the second. Fewer than 8 samples say nothing: not
// flat.
Flatness JudgeFlatness(const std::vector<int64_t>& samples, double allowed);

}  // namespace signet::soak

#endif  // SIGNET_TESTS_SOAK_RESOURCES_H_

#include "tests/soak/resources.h"

#include <numeric>

namespace signet::soak {
namespace {

constexpr size_t kFewestSamples = 8;

double Mean(const std::vector<int64_t>& samples, size_t from, size_t to) {
  const auto begin = samples.begin();
  const auto sum =
      std::accumulate(begin + static_cast<ptrdiff_t>(from), begin + static_cast<ptrdiff_t>(to), 0.0);
  return sum / static_cast<double>(to - from);
}

}  // namespace

Flatness JudgeFlatness(const std::vector<int64_t>& samples, double allowed) {
  const size_t count = samples.size();
  if (count < kFewestSamples) return {};
  Flatness result;
  result.before = Mean(samples, count / 4, count / 2);
  result.after = Mean(samples, count * 3 / 4, count);
  result.flat = result.after <= result.before + allowed;
  return result;
}

}  // namespace signet::soak

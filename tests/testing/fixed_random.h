// FixedRandom: a RandomSource that gives the same byte over and over, or fails.
#ifndef SIGNET_TESTS_TESTING_FIXED_RANDOM_H_
#define SIGNET_TESTS_TESTING_FIXED_RANDOM_H_

#include <algorithm>

#include "crypto/random.h"

namespace signet::testing {

// Not thread-safe to change while in use.
class FixedRandom final : public crypto::RandomSource {
 public:
  explicit FixedRandom(uint8_t byte) : byte_(byte) {}
  explicit FixedRandom(absl::Status failure) : failure_(std::move(failure)) {}

  absl::Status Fill(absl::Span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), byte_);
    return failure_;
  }

 private:
  const uint8_t byte_ = 0;
  const absl::Status failure_;
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_FIXED_RANDOM_H_

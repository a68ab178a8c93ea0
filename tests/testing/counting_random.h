// CountingRandom: a RandomSource that gives 0x00, 0x01, 0x02, … so that stored bytes can be written down.
#ifndef SIGNET_TESTS_TESTING_COUNTING_RANDOM_H_
#define SIGNET_TESTS_TESTING_COUNTING_RANDOM_H_

#include <cstddef>
#include <cstdint>

#include "crypto/random.h"

namespace signet::testing {

// Not thread-safe.
class CountingRandom final : public crypto::RandomSource {
 public:
  CountingRandom() = default;
  // The first byte; later ones count on from it and wrap.
  explicit CountingRandom(uint8_t first) : next_(first) {}

  absl::Status Fill(absl::Span<uint8_t> out) override {
    ++requests_;
    for (uint8_t& byte : out) byte = next_++;
    return absl::OkStatus();
  }

  // How often Fill was called.
  size_t requests() const { return requests_; }

 private:
  uint8_t next_ = 0;
  size_t requests_ = 0;
};

// Refuses, as a kernel without getrandom(2) would.
class FailingRandom final : public crypto::RandomSource {
 public:
  absl::Status Fill(absl::Span<uint8_t>) override { return absl::UnavailableError("no randomness"); }
};

}  // namespace signet::testing

#endif  // SIGNET_TESTS_TESTING_COUNTING_RANDOM_H_

// RandomSource: chance, passed in. The real one is getrandom(2), one system call per request: the kernel
// reseeds when a virtual machine is cloned, and nothing random is ever pooled.
#ifndef SIGNET_CRYPTO_RANDOM_H_
#define SIGNET_CRYPTO_RANDOM_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace signet::crypto {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills all of `out`. UNAVAILABLE: the kernel refused; nothing in `out` may be used. Thread-safe; blocks
  // only before the kernel's generator is seeded at boot.
  virtual absl::Status Fill(absl::Span<uint8_t> out) = 0;
};

// The reference lives as long as the process.
RandomSource& SystemRandom();

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_RANDOM_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "crypto/secure_heap.h"

int main(int argc, char** argv) {
  const absl::Status heap = signet::crypto::InitializeSecureHeap();
  // Tests also run where RLIMIT_MEMLOCK is small: an unlocked heap wipes just the same.
  if (!heap.ok() && heap.code() != absl::StatusCode::kFailedPrecondition) {
    std::fprintf(stderr, "%s\n", heap.ToString().c_str());
    return 1;
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

#include "plugin/hierarchy/refusals.h"

#include <gtest/gtest.h>

#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr MonotonicTime kStart = absl::Seconds(100);

crypto::LocalKekId Id(size_t value) {
  crypto::LocalKekId id{};
  id[0] = static_cast<uint8_t>(value & 0xFF);
  id[1] = static_cast<uint8_t>(value >> 8);
  return id;
}

TEST(RefusalCacheTest, RemembersForThirtySeconds) {
  RefusalCache refusals;
  refusals.Add(Id(1), absl::DataLossError("bad"), kStart);
  EXPECT_THAT(refusals.Find(Id(1), kStart + absl::Seconds(29)), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(refusals.Find(Id(2), kStart), IsOk());
  EXPECT_THAT(refusals.Find(Id(1), kStart + absl::Seconds(30)), IsOk());
  EXPECT_EQ(refusals.size(), 0u);
}

TEST(RefusalCacheTest, ForgetsTheOldestOverItsBound) {
  RefusalCache refusals;
  for (size_t i = 0; i <= RefusalCache::kMaxEntries; ++i)
    refusals.Add(Id(i), absl::DataLossError("bad"), kStart);
  EXPECT_EQ(refusals.size(), RefusalCache::kMaxEntries);
  EXPECT_THAT(refusals.Find(Id(0), kStart), IsOk());
  EXPECT_THAT(refusals.Find(Id(1), kStart), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RefusalCacheTest, ClearForgetsAll) {
  RefusalCache refusals;
  refusals.Add(Id(1), absl::DataLossError("bad"), kStart);
  refusals.Clear();
  EXPECT_THAT(refusals.Find(Id(1), kStart), IsOk());
}

TEST(FailureLimiterTest, AllowsUntilTheBurstIsUsedUpAndThenOneASecond) {
  FailureLimiter limiter;
  for (int i = 0; i < FailureLimiter::kBurst; ++i) {
    EXPECT_TRUE(limiter.Allows(kStart));
    limiter.CountFailure(kStart);
  }
  EXPECT_FALSE(limiter.Allows(kStart));
  EXPECT_TRUE(limiter.Allows(kStart + absl::Seconds(1)));
  limiter.CountFailure(kStart + absl::Seconds(1));
  EXPECT_FALSE(limiter.Allows(kStart + absl::Seconds(1)));
}

TEST(FailureLimiterTest, AskingCostsNothing) {
  FailureLimiter limiter;
  for (int i = 0; i < 10 * FailureLimiter::kBurst; ++i) EXPECT_TRUE(limiter.Allows(kStart));
}

}  // namespace
}  // namespace signet

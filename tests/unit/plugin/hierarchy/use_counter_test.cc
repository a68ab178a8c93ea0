#include "plugin/hierarchy/use_counter.h"

#include <gtest/gtest.h>

namespace signet {
namespace {

using Grant = UseCounter::Grant;
constexpr uint64_t kBlock = UseCounter::kBlock;
constexpr uint64_t kMax = uint64_t{1} << 24;

void Take(UseCounter& counter, uint64_t times) {
  for (uint64_t i = 0; i < times; ++i) ASSERT_NE(counter.Take(), Grant::kRefused);
}

TEST(UseCounterTest, GrantsNoMoreThanIsReserved) {
  UseCounter counter(0, kBlock, kMax);
  Take(counter, kBlock);
  EXPECT_EQ(counter.Take(), Grant::kRefused);
  EXPECT_FALSE(counter.Usable());
  EXPECT_EQ(counter.used(), kBlock);
}

TEST(UseCounterTest, AsksForTheNextBlockOnceAtHalfABlock) {
  UseCounter counter(0, kBlock, kMax);
  Take(counter, kBlock / 2 - 1);
  EXPECT_FALSE(counter.NeedsReservation());
  EXPECT_EQ(counter.Take(), Grant::kGrantedAttention);
  EXPECT_TRUE(counter.NeedsReservation());
  EXPECT_EQ(counter.Take(), Grant::kGranted);
  EXPECT_EQ(counter.NextReserved(), 2 * kBlock);
  counter.Extend(2 * kBlock);
  EXPECT_FALSE(counter.NeedsReservation());
}

TEST(UseCounterTest, NeverReservesBeyondTheMaximum) {
  UseCounter counter(0, kBlock, kBlock + 10);
  Take(counter, kBlock);
  EXPECT_EQ(counter.NextReserved(), kBlock + 10);
  counter.Extend(kBlock + 10);
  EXPECT_FALSE(counter.NeedsReservation());
  Take(counter, 10);
  EXPECT_EQ(counter.Take(), Grant::kRefused);
}

TEST(UseCounterTest, AsksForRenewalOnceAtTwoThirdsOfTheMaximum) {
  UseCounter counter(0, 30, 30);
  Take(counter, 19);
  EXPECT_FALSE(counter.NeedsRenewal());
  EXPECT_EQ(counter.Take(), Grant::kGrantedAttention);
  EXPECT_TRUE(counter.NeedsRenewal());
  EXPECT_EQ(counter.Take(), Grant::kGranted);
}

TEST(UseCounterTest, AFailedReservationAsksForRenewalBeforeTheBlockEnds) {
  UseCounter counter(0, kBlock, kMax);
  Take(counter, kBlock / 2);
  counter.ReservationFailed();
  EXPECT_FALSE(counter.NeedsRenewal());
  Take(counter, kBlock / 4 - 1);
  EXPECT_FALSE(counter.NeedsRenewal());
  EXPECT_EQ(counter.Take(), Grant::kGrantedAttention);
  EXPECT_TRUE(counter.NeedsRenewal());
  counter.Extend(2 * kBlock);
  EXPECT_FALSE(counter.NeedsRenewal());
}

TEST(UseCounterTest, AStoredCountWithNothingReservedGrantsNothing) {
  UseCounter counter(kBlock, kBlock, kMax);
  EXPECT_EQ(counter.Take(), Grant::kRefused);
  counter.Extend(counter.NextReserved());
  EXPECT_EQ(counter.Take(), Grant::kGranted);
  EXPECT_EQ(counter.used(), kBlock + 1);
}

TEST(UseCounterTest, ACountAboveTheMaximumGrantsNothing) {
  UseCounter counter(100, 200, 50);
  EXPECT_EQ(counter.Take(), Grant::kRefused);
  EXPECT_TRUE(counter.NeedsRenewal());
}

TEST(UseCounterTest, CloseEndsItAndTellsTheCount) {
  UseCounter counter(0, kBlock, kMax);
  Take(counter, 3);
  EXPECT_EQ(counter.Close(), 3u);
  EXPECT_EQ(counter.Take(), Grant::kRefused);
  EXPECT_FALSE(counter.Usable());
}

}  // namespace
}  // namespace signet

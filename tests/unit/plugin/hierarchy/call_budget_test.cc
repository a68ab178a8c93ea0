#include "plugin/hierarchy/call_budget.h"

#include <gtest/gtest.h>

namespace signet {
namespace {

constexpr MonotonicTime kStart = absl::Hours(100);

TEST(CallBudgetTest, RoomIsKeptForCallsThatHaveToBeMadeLate) {
  CallBudget budget(5, 2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.Take(kStart));
  EXPECT_FALSE(budget.Take(kStart));
  budget.Count(kStart + absl::Minutes(59));
  budget.Count(kStart + absl::Minutes(59));
  EXPECT_FALSE(budget.Take(kStart + absl::Minutes(59)));
}

TEST(CallBudgetTest, MoreCallsThatHadToBeMadeThanForeseenTakeFromTheOthers) {
  CallBudget budget(5, 2);
  for (int i = 0; i < 4; ++i) budget.Count(kStart);
  EXPECT_TRUE(budget.Take(kStart));
  EXPECT_FALSE(budget.Take(kStart));
}

TEST(CallBudgetTest, ACallIsForgottenAfterAnHour) {
  CallBudget budget(3, 1);
  EXPECT_TRUE(budget.Take(kStart));
  EXPECT_TRUE(budget.Take(kStart + absl::Minutes(30)));
  EXPECT_FALSE(budget.Take(kStart + absl::Minutes(59)));
  EXPECT_TRUE(budget.Take(kStart + absl::Hours(1)));
  EXPECT_FALSE(budget.Take(kStart + absl::Hours(1)));
}

}  // namespace
}  // namespace signet

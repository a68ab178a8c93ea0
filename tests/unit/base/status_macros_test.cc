#include "base/status_macros.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/testing/status_matchers.h"

namespace signet {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;

absl::Status Check(const absl::Status& status, bool& reached) {
  SIGNET_RETURN_IF_ERROR(status);
  reached = true;
  return absl::OkStatus();
}

absl::StatusOr<int> Unpack(absl::StatusOr<std::unique_ptr<int>> value) {
  SIGNET_ASSIGN_OR_RETURN(const std::unique_ptr<int> pointer, std::move(value));
  return *pointer;
}

TEST(StatusMacrosTest, ReturnIfErrorReturnsTheError) {
  bool reached = false;
  EXPECT_THAT(Check(absl::DataLossError("lost"), reached), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_FALSE(reached);
}

TEST(StatusMacrosTest, ReturnIfErrorGoesOnWhenOk) {
  bool reached = false;
  EXPECT_THAT(Check(absl::OkStatus(), reached), IsOk());
  EXPECT_TRUE(reached);
}

TEST(StatusMacrosTest, AssignOrReturnMovesTheValueOut) {
  EXPECT_EQ(Unpack(std::make_unique<int>(7)).value_or(0), 7);
}

TEST(StatusMacrosTest, AssignOrReturnReturnsTheError) {
  EXPECT_THAT(Unpack(absl::NotFoundError("none")), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace signet

// Matchers for absl::Status and StatusOr; Debian's Abseil ships none.
#ifndef SIGNET_TESTS_TESTING_STATUS_MATCHERS_H_
#define SIGNET_TESTS_TESTING_STATUS_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace signet::testing {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& status) {
  return status.status();
}

// EXPECT_THAT(result, IsOk());
MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

// EXPECT_THAT(result, StatusIs(absl::StatusCode::kDataLoss));
MATCHER_P(StatusIs, code, std::string("has code ") + absl::StatusCodeToString(code)) {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code;
}

// EXPECT_THAT(result, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("MAC")));
MATCHER_P2(StatusIs, code, message, std::string("has code ") + absl::StatusCodeToString(code)) {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code &&
         ::testing::ExplainMatchResult(message, std::string(GetStatus(arg).message()), result_listener);
}

}  // namespace signet::testing

#define SIGNET_TEST_CONCAT_INNER_(a, b) a##b
#define SIGNET_TEST_CONCAT_(a, b) SIGNET_TEST_CONCAT_INNER_(a, b)
// ASSERT_OK_AND_ASSIGN(auto value, Compute());
#define ASSERT_OK_AND_ASSIGN(declaration, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL_(SIGNET_TEST_CONCAT_(statusor_, __LINE__), declaration, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL_(temporary, declaration, expression) \
  auto temporary = (expression);                                       \
  ASSERT_THAT(temporary, ::signet::testing::IsOk());                   \
  declaration = std::move(temporary).value()

#endif  // SIGNET_TESTS_TESTING_STATUS_MATCHERS_H_

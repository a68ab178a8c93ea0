#include "crypto/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;

TEST(SystemRandomTest, FillsNothingWhenAskedForNothing) { EXPECT_THAT(SystemRandom().Fill({}), IsOk()); }

TEST(SystemRandomTest, GivesOtherBytesEveryTime) {
  std::set<std::array<uint8_t, 16>> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<uint8_t, 16> bytes{};
    ASSERT_THAT(SystemRandom().Fill(absl::MakeSpan(bytes)), IsOk());
    EXPECT_TRUE(seen.insert(bytes).second);
  }
}

// 33 MiB: more than the kernel hands out in one call. A part left out would be zero.
TEST(SystemRandomTest, FillsAllOfARequestThatTheKernelCuts) {
  std::vector<uint8_t> bytes((size_t{33} << 20) + 1);
  ASSERT_THAT(SystemRandom().Fill(absl::MakeSpan(bytes)), IsOk());
  constexpr size_t kWindow = 64;
  for (size_t start = 0; start + kWindow <= bytes.size(); start += size_t{1} << 16) {
    const absl::Span<const uint8_t> window = absl::MakeConstSpan(bytes).subspan(start, kWindow);
    ASSERT_NE(std::vector<uint8_t>(window.begin(), window.end()), std::vector<uint8_t>(kWindow)) << start;
  }
  const absl::Span<const uint8_t> end = absl::MakeConstSpan(bytes).last(kWindow);
  EXPECT_NE(std::vector<uint8_t>(end.begin(), end.end()), std::vector<uint8_t>(kWindow));
}

TEST(SystemRandomTest, WritesNothingOutsideTheRequest) {
  std::array<uint8_t, 48> bytes{};
  ASSERT_THAT(SystemRandom().Fill(absl::MakeSpan(bytes).subspan(16, 16)), IsOk());
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin(), bytes.begin() + 16), std::vector<uint8_t>(16));
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin() + 32, bytes.end()), std::vector<uint8_t>(16));
}

}  // namespace
}  // namespace signet::crypto

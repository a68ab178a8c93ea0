#include "crypto/sensitive_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"

// What is left in an object that was moved from is the subject.
// NOLINTBEGIN(bugprone-use-after-move,bugprone-sizeof-container)
namespace signet::crypto {
namespace {

template <typename Stream, typename Value>
concept Printable = requires(Stream& stream, const Value& value) {
  stream << value;
};

static_assert(!Printable<std::ostream, SensitiveString>);
static_assert(!std::is_convertible_v<SensitiveString, absl::string_view>);
static_assert(!std::is_constructible_v<absl::AlphaNum, const SensitiveString&>);
static_assert(!std::is_copy_constructible_v<SensitiveString>);
static_assert(std::is_nothrow_move_constructible_v<SensitiveString>);

constexpr absl::string_view kShort = "short secret";  // fits the string object itself

bool Contains(const void* bytes, size_t size, absl::string_view text) {
  const auto* begin = static_cast<const char*>(bytes);
  return std::search(begin, begin + size, text.begin(), text.end()) != begin + size;
}

TEST(WipeStringTest, OverwritesTheWholeBuffer) {
  std::string text(1000, 'x');
  text.resize(10);  // what was cut off is still in the buffer
  const char* const buffer = text.data();
  const size_t capacity = text.capacity();
  WipeString(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), buffer);
  ASSERT_EQ(text.capacity(), capacity);
  EXPECT_EQ(std::count(buffer, buffer + 10, 'x'), 0);
  text.resize(capacity);
  EXPECT_EQ(std::count(text.begin(), text.end(), 'x'), 0);
}

TEST(WipeStringTest, OverwritesAShortStringInTheObjectItself) {
  std::string text(kShort);
  ASSERT_TRUE(Contains(&text, sizeof(text), kShort));
  WipeString(text);
  EXPECT_FALSE(Contains(&text, sizeof(text), kShort.substr(0, 4)));
}

TEST(SensitiveStringTest, TakesTheTextOverAndWipesTheSource) {
  std::string source(kShort);
  const SensitiveString text(std::move(source));
  EXPECT_EQ(text.Expose(), kShort);
  EXPECT_EQ(text.size(), kShort.size());
  EXPECT_FALSE(Contains(&source, sizeof(source), kShort.substr(0, 4)));
}

TEST(SensitiveStringTest, TakesALongTextOverWithoutCopying) {
  std::string source(1000, 'x');
  const char* const buffer = source.data();
  const SensitiveString text(std::move(source));
  EXPECT_EQ(text.Expose().data(), buffer);
}

TEST(SensitiveStringTest, IsWipedAtDestruction) {
  alignas(SensitiveString) unsigned char place[sizeof(SensitiveString)];
  auto* const text = new (place) SensitiveString(std::string(kShort));
  ASSERT_TRUE(Contains(place, sizeof(place), kShort));
  std::destroy_at(text);
  EXPECT_FALSE(Contains(place, sizeof(place), kShort.substr(0, 4)));
}

TEST(SensitiveStringTest, LeavesNothingInWhatItWasMovedFrom) {
  SensitiveString source{std::string(kShort)};
  SensitiveString target = std::move(source);
  EXPECT_FALSE(Contains(&source, sizeof(source), kShort.substr(0, 4)));
  SensitiveString assigned;
  assigned = std::move(target);
  EXPECT_FALSE(Contains(&target, sizeof(target), kShort.substr(0, 4)));
  EXPECT_EQ(assigned.Expose(), kShort);
}

TEST(SensitiveStringTest, SurvivesBeingMovedIntoItself) {
  SensitiveString text{std::string(kShort)};
  SensitiveString& same = text;
  text = std::move(same);
  EXPECT_EQ(text.Expose(), kShort);
}

TEST(SensitiveStringTest, ReleaseHandsTheTextOnAndKeepsNothing) {
  SensitiveString text{std::string(kShort)};
  const std::string released = std::move(text).Release();
  EXPECT_EQ(released, kShort);
  EXPECT_FALSE(Contains(&text, sizeof(text), kShort.substr(0, 4)));
}

TEST(SensitiveStringTest, CanBeFilledInPlace) {
  SensitiveString text;
  text.ExposeMutable().assign("filled");
  EXPECT_EQ(text.Expose(), "filled");
}

}  // namespace
}  // namespace signet::crypto
// NOLINTEND(bugprone-use-after-move,bugprone-sizeof-container)

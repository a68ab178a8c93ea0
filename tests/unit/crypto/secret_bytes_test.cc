#include "crypto/secret_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/secure_heap.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::StatusIs;

template <typename Stream, typename Value>
concept Printable = requires(Stream& stream, const Value& value) {
  stream << value;
};

static_assert(Printable<std::ostream, std::string>, "the concept can say yes");
static_assert(!Printable<std::ostream, SecretBytes>);
static_assert(!std::is_convertible_v<SecretBytes, absl::string_view>);
static_assert(!std::is_convertible_v<SecretBytes, std::string>);
static_assert(!std::is_constructible_v<absl::AlphaNum, const SecretBytes&>);
static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);
static_assert(std::is_nothrow_move_assignable_v<SecretBytes>);

// The distance between a block and what the heap keeps in a free one: the wipe covers all but these bytes.
constexpr size_t kFreeListBytes = 2 * sizeof(void*);

TEST(SecretBytesTest, LiesInTheSecureHeap) {
  ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::Create(32));
  EXPECT_EQ(CRYPTO_secure_allocated(secret.Expose().data()), 1);
}

TEST(SecretBytesTest, IsZeroAtFirst) {
  ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::Create(100));
  EXPECT_EQ(secret.ExposeAsString(), std::string(100, '\0'));
}

TEST(SecretBytesTest, HoldsACopy) {
  std::string source = "key material";
  ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::CopyOf(source));
  source[0] = 'K';
  EXPECT_EQ(secret.ExposeAsString(), "key material");
  EXPECT_EQ(secret.size(), 12u);
}

TEST(SecretBytesTest, HoldsNoMemoryWhenEmpty) {
  const size_t before = SecureHeapBytesInUse();
  ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::CopyOf(""));
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(secret.Expose().data(), nullptr);
  EXPECT_EQ(SecureHeapBytesInUse(), before);
}

TEST(SecretBytesTest, GivesItsMemoryBack) {
  const size_t before = SecureHeapBytesInUse();
  {
    ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::Create(32));
    EXPECT_GE(SecureHeapBytesInUse(), before + 32);
  }
  EXPECT_EQ(SecureHeapBytesInUse(), before);
}

// The secure heap stays mapped after a release, so a look at what was there is safe. AddressSanitizer does
// not watch this heap.
TEST(SecretBytesTest, IsWipedAtRelease) {
  constexpr size_t kSize = 4096;
  const uint8_t* where = nullptr;
  {
    ASSERT_OK_AND_ASSIGN(const SecretBytes secret, SecretBytes::CopyOf(std::string(kSize, '\xA5')));
    where = secret.Expose().data();
    ASSERT_EQ(where[kSize - 1], 0xA5);
  }
  const std::vector<uint8_t> left(where + kFreeListBytes, where + kSize);
  EXPECT_THAT(left, ::testing::Each(uint8_t{0}));
}

TEST(SecretBytesTest, IsWipedWhenAnotherIsMovedIntoIt) {
  constexpr size_t kSize = 4096;
  ASSERT_OK_AND_ASSIGN(SecretBytes target, SecretBytes::CopyOf(std::string(kSize, '\xA5')));
  ASSERT_OK_AND_ASSIGN(SecretBytes source, SecretBytes::CopyOf("new"));
  const uint8_t* const where = target.Expose().data();
  target = std::move(source);
  const std::vector<uint8_t> left(where + kFreeListBytes, where + kSize);
  EXPECT_THAT(left, ::testing::Each(uint8_t{0}));
  EXPECT_EQ(target.ExposeAsString(), "new");
}

TEST(SecretBytesTest, MovesWithoutCopying) {
  ASSERT_OK_AND_ASSIGN(SecretBytes source, SecretBytes::CopyOf("secret"));
  const uint8_t* const where = source.Expose().data();
  const SecretBytes target = std::move(source);
  EXPECT_EQ(target.Expose().data(), where);
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): the empty state is the promise
}

TEST(SecretBytesTest, SurvivesBeingMovedIntoItself) {
  ASSERT_OK_AND_ASSIGN(SecretBytes secret, SecretBytes::CopyOf("secret"));
  SecretBytes& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.ExposeAsString(), "secret");
}

TEST(SecretBytesTest, IsEqualToTheSameBytesOnly) {
  ASSERT_OK_AND_ASSIGN(const SecretBytes a, SecretBytes::CopyOf("secret"));
  ASSERT_OK_AND_ASSIGN(const SecretBytes same, SecretBytes::CopyOf("secret"));
  ASSERT_OK_AND_ASSIGN(const SecretBytes other_end, SecretBytes::CopyOf("secreT"));
  ASSERT_OK_AND_ASSIGN(const SecretBytes other_start, SecretBytes::CopyOf("Secret"));
  ASSERT_OK_AND_ASSIGN(const SecretBytes longer, SecretBytes::CopyOf("secret!"));
  EXPECT_TRUE(a == same);
  EXPECT_FALSE(a != same);
  EXPECT_TRUE(a != other_end);
  EXPECT_TRUE(a != other_start);
  EXPECT_TRUE(a != longer);
  const SecretBytes none;
  const SecretBytes another_none;
  EXPECT_TRUE(a != none);
  EXPECT_TRUE(none == another_none);
}

TEST(SecretBytesTest, RefusesMoreThanTheSecureHeapHolds) {
  const size_t before = SecureHeapBytesInUse();
  EXPECT_THAT(SecretBytes::Create(2 * kDefaultSecureHeapBytes),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(SecureHeapBytesInUse(), before);
}

TEST(SecretBytesTest, NeverFallsBackToOrdinaryHeapWhenTheSecureHeapIsFull) {
  const size_t before = SecureHeapBytesInUse();
  {
    std::vector<SecretBytes> blocks;
    absl::Status status;
    while (status.ok() && blocks.size() <= kDefaultSecureHeapBytes / 4096) {
      absl::StatusOr<SecretBytes> block = SecretBytes::Create(4096);
      status = block.status();
      if (!block.ok()) break;
      ASSERT_EQ(CRYPTO_secure_allocated(block->Expose().data()), 1);
      blocks.push_back(*std::move(block));
    }
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  }
  EXPECT_EQ(SecureHeapBytesInUse(), before);
}

}  // namespace
}  // namespace signet::crypto

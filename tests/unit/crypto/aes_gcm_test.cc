#include "crypto/aes_gcm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/testing/status_matchers.h"

namespace signet::crypto {
namespace {

using ::signet::testing::IsOk;
using ::signet::testing::StatusIs;
using Buffer = std::vector<uint8_t>;

Buffer FromHex(absl::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  return Buffer(bytes.begin(), bytes.end());
}

class AesGcmTest : public ::testing::Test {
 protected:
  Buffer Seal(const Buffer& plaintext, ExpandedKey after = ExpandedKey::kWipe) {
    Buffer sealed(plaintext.size() + kGcmTagBytes);
    EXPECT_THAT(AesGcmSeal(key_, nonce_, aad_, plaintext, absl::MakeSpan(sealed), after), IsOk());
    return sealed;
  }

  const Buffer key_ = Buffer(kAesKeyBytes, 0x4B);
  const Buffer nonce_ = Buffer(kGcmNonceBytes, 0x4E);
  const Buffer aad_ = {'a', 'a', 'd'};
  const Buffer plaintext_ = Buffer(50, 0x50);
};

// Test cases 14 and 16 of McGrew and Viega's submission to NIST.
TEST_F(AesGcmTest, AgreesWithTheAuthorsOfGcm) {
  Buffer out(32);
  ASSERT_THAT(AesGcmSeal(Buffer(32), Buffer(12), {}, Buffer(16), absl::MakeSpan(out)), IsOk());
  EXPECT_EQ(out, FromHex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));

  out.resize(60 + 16);
  ASSERT_THAT(
      AesGcmSeal(FromHex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                 FromHex("cafebabefacedbaddecaf888"), FromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                 FromHex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95"
                         "956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
                 absl::MakeSpan(out)),
      IsOk());
  EXPECT_EQ(out, FromHex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3d"
                         "a7b08b1056828838c5f61e6393ba7a0abcc9f662"
                         "76fc6ece0f4e1768cddf8853bb2d551b"));
}

TEST_F(AesGcmTest, OpensWhatItSealed) {
  const Buffer sealed = Seal(plaintext_);
  Buffer opened(plaintext_.size());
  ASSERT_THAT(AesGcmOpen(key_, nonce_, aad_, sealed, absl::MakeSpan(opened)), IsOk());
  EXPECT_EQ(opened, plaintext_);
}

TEST_F(AesGcmTest, SealsAndOpensInPlace) {
  const Buffer expected = Seal(plaintext_);
  Buffer buffer = plaintext_;
  buffer.resize(plaintext_.size() + kGcmTagBytes);
  const absl::Span<uint8_t> text = absl::MakeSpan(buffer).first(plaintext_.size());
  ASSERT_THAT(AesGcmSeal(key_, nonce_, aad_, text, absl::MakeSpan(buffer)), IsOk());
  EXPECT_EQ(buffer, expected);
  ASSERT_THAT(AesGcmOpen(key_, nonce_, aad_, buffer, text), IsOk());
  EXPECT_EQ(Buffer(text.begin(), text.end()), plaintext_);
}

TEST_F(AesGcmTest, SealsAndOpensNothing) {
  const Buffer sealed = Seal({});
  EXPECT_EQ(sealed.size(), kGcmTagBytes);
  EXPECT_THAT(AesGcmOpen(key_, nonce_, aad_, sealed, {}), IsOk());
}

TEST_F(AesGcmTest, RefusesEveryFlippedBitAndShowsNothing) {
  const Buffer sealed = Seal(plaintext_);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Buffer flipped = sealed;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    Buffer opened(plaintext_.size(), 0xEE);
    ASSERT_THAT(AesGcmOpen(key_, nonce_, aad_, flipped, absl::MakeSpan(opened)),
                StatusIs(absl::StatusCode::kDataLoss))
        << bit;
    ASSERT_EQ(opened, Buffer(plaintext_.size())) << bit;
  }
}

TEST_F(AesGcmTest, RefusesAnotherKeyNonceOrAad) {
  const Buffer sealed = Seal(plaintext_);
  Buffer opened(plaintext_.size());
  const absl::Span<uint8_t> out = absl::MakeSpan(opened);
  EXPECT_THAT(AesGcmOpen(Buffer(32, 1), nonce_, aad_, sealed, out), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(AesGcmOpen(key_, Buffer(12, 1), aad_, sealed, out), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(AesGcmOpen(key_, nonce_, Buffer{'a', 'a'}, sealed, out), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(AesGcmOpen(key_, nonce_, {}, sealed, out), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(AesGcmTest, OpensAndSealsAfterAFailureOnTheSameThread) {
  const Buffer sealed = Seal(plaintext_);
  Buffer opened(plaintext_.size());
  const absl::Span<uint8_t> out = absl::MakeSpan(opened);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(AesGcmOpen(key_, nonce_, {}, sealed, out), StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(AesGcmOpen(key_, nonce_, aad_, sealed, out), IsOk());
    EXPECT_EQ(opened, plaintext_);
    EXPECT_EQ(Seal(plaintext_), sealed);
  }
}

TEST_F(AesGcmTest, GivesTheSameWhateverTheLastCallLeft) {
  const Buffer sealed = Seal(plaintext_);
  EXPECT_EQ(Seal(plaintext_, ExpandedKey::kLeaveForNextCall), sealed);
  EXPECT_EQ(Seal(plaintext_, ExpandedKey::kLeaveForNextCall), sealed);
  EXPECT_EQ(Seal(plaintext_), sealed);
  Buffer opened(plaintext_.size());
  for (const ExpandedKey after : {ExpandedKey::kLeaveForNextCall, ExpandedKey::kWipe, ExpandedKey::kWipe}) {
    EXPECT_THAT(AesGcmOpen(key_, nonce_, aad_, sealed, absl::MakeSpan(opened), after), IsOk());
    EXPECT_EQ(opened, plaintext_);
  }
}

TEST_F(AesGcmTest, LeavesOpensslsErrorQueueEmptyAfterAFailure) {
  const Buffer sealed = Seal(plaintext_);
  Buffer opened(plaintext_.size());
  EXPECT_THAT(AesGcmOpen(key_, nonce_, {}, sealed, absl::MakeSpan(opened)),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST_F(AesGcmTest, RefusesWrongSizesAndTouchesNothing) {
  const auto seal = [&](size_t key, size_t nonce, size_t out) {
    Buffer buffer(out, 0xEE);
    const absl::Status status =
        AesGcmSeal(Buffer(key), Buffer(nonce), aad_, plaintext_, absl::MakeSpan(buffer));
    EXPECT_EQ(buffer, Buffer(out, 0xEE));
    return status;
  };
  const auto open = [&](size_t key, size_t nonce, size_t sealed, size_t out) {
    Buffer buffer(out, 0xEE);
    const absl::Status status =
        AesGcmOpen(Buffer(key), Buffer(nonce), aad_, Buffer(sealed), absl::MakeSpan(buffer));
    EXPECT_EQ(buffer, Buffer(out, 0xEE));
    return status;
  };
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument);
  const size_t size = plaintext_.size();
  EXPECT_THAT(seal(31, 12, size + 16), refused);
  EXPECT_THAT(seal(33, 12, size + 16), refused);
  EXPECT_THAT(seal(16, 12, size + 16), refused);
  EXPECT_THAT(seal(32, 11, size + 16), refused);
  EXPECT_THAT(seal(32, 16, size + 16), refused);
  EXPECT_THAT(seal(32, 0, size + 16), refused);
  EXPECT_THAT(seal(32, 12, size + 15), refused);
  EXPECT_THAT(seal(32, 12, size + 17), refused);
  EXPECT_THAT(open(31, 12, 66, 50), refused);
  EXPECT_THAT(open(32, 13, 66, 50), refused);
  EXPECT_THAT(open(32, 12, 66, 49), refused);
  EXPECT_THAT(open(32, 12, 66, 51), refused);
  EXPECT_THAT(open(32, 12, 15, 0), refused);
  EXPECT_THAT(open(32, 12, 0, 0), refused);
}

TEST_F(AesGcmTest, WorksOnManyThreadsAtOnce) {
  const Buffer expected = Seal(plaintext_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) {
        const Buffer sealed = Seal(plaintext_);
        EXPECT_EQ(sealed, expected);
        Buffer opened(plaintext_.size());
        EXPECT_THAT(AesGcmOpen(key_, nonce_, aad_, sealed, absl::MakeSpan(opened)), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace signet::crypto
